import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from "type-graphql";
import {
  buildTargetFilter,
  loadTargetHosts,
  loadTargetNics,
  parseFindText,
  type FindTarget,
} from "../arguments/filters/find-text.js";
import { toVmPageArguments, VmListArguments } from "../arguments/pages/vm-list-arguments.js";
import { loadVmPage } from "../arguments/pages/vm-page.js";
import type { GraphContext } from "../context.js";
import { FindKindEnum } from "../types/enums.js";
import { FindResult, VmConnection } from "../types/list-types.js";
import { Host, VmNic } from "../types/object-types.js";

/** The search for a text whose kind is not stated. */
@Resolver()
export class FindQueries {
  @Query(() => FindResult, {
    nullable: true,
    description:
      "What a text leads to that may be an address, a prefix, a MAC, an id, or a part of a name. Null only beside an error.",
  })
  find(
    @Arg("text", () => String, {
      description:
        "An IPv4 or IPv6 address, a prefix like `10.0.0.0/8`, a MAC, a UUID, each in any spelling; or a part of a name. An address " +
        "may have a zone and brackets, a prefix brackets, a name a dot at its end, and both a port, or they stand in a URL; a UUID may have braces or " +
        "`urn:uuid:`, or no dashes, and anything quotation marks or a comma beside it.",
    })
    text: string,
  ): FindTarget {
    return parseFindText(text);
  }
}

/** What a text led to. */
@Resolver(() => FindResult)
export class FindResultFields {
  @FieldResolver(() => FindKindEnum, { description: "What the text was taken for. Never null." })
  kind(@Root() target: FindTarget) {
    return target.kind;
  }

  @FieldResolver(() => VmConnection, {
    nullable: true,
    description:
      "VMs whose guest has the address, or one in the prefix; that have the MAC, inside or outside; with the id; or with " +
      "the text in their name or in their guest's, which a MAC without colons and an id without dashes may be, too. As stored last; an empty page if none is found. Null only beside an error.",
  })
  vms(
    @Root() target: FindTarget,
    @Ctx() { loaders }: GraphContext,
    @Args(() => VmListArguments) page: VmListArguments,
  ) {
    return loadVmPage(loaders, toVmPageArguments(page, buildTargetFilter(target)));
  }

  @FieldResolver(() => [VmNic], {
    nullable: true,
    description:
      "vNICs with the MAC or the id, by name; empty for anything else. As stored last. Null only beside an error.",
  })
  vmNics(@Root() target: FindTarget, @Ctx() { loaders }: GraphContext) {
    return loadTargetNics(loaders, target);
  }

  @FieldResolver(() => [Host], {
    nullable: true,
    description:
      "Hosts with the id, that are asked at the address, or with the text in their name or address, by name; if the text has a port " +
      "and any of them has exactly the name or address and is asked at it, those alone. Empty for a prefix, and for a MAC with colons. As stored last. Null only beside an error.",
  })
  hosts(@Root() target: FindTarget, @Ctx() { loaders }: GraphContext) {
    return loadTargetHosts(loaders, target);
  }
}
