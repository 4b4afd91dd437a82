export { isLargeTree, joinParts, NO_PARTS } from "../store/vm-tree.js";
