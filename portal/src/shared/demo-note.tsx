/** Tells whether the page has the mark of a demonstration. */
const IS_DEMO = document.querySelector('meta[name="vnic-graph-data"]')?.getAttribute("content") === "demo";

/** Explains that the data are a demonstration, and how to see one's own. */
export function DemoNote() {
  if (!IS_DEMO) return null;
  return (
    <p className="demo" role="note">
      This is a demonstration: simulated hosts, whose guests change by themselves. To see your own VMs, set{" "}
      <code>VDSM_HOSTS</code> and <code>DATABASE_URL</code>; docs/start.md and docs/ovirt.md lead the way.
    </p>
  );
}
