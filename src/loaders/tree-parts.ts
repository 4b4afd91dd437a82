export { isLargeTree, joinParts, NO_PARTS, NO_VM } from "../store/vm-tree.js";
