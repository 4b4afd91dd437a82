/**
 * Selects a text that differs after every edit of VMs that was not made by a pass. Such edits have no row in the log. Each
 * one is noted with its transaction's number, and the newest note always stays.
 */
export const SELECT_EDITS =
  "SELECT concat_ws(' ', count(*), sum(tx::text::numeric)) AS edits FROM vnic_graph_edit";
