import { Kbd, Modal } from "@mantine/core";

const KEYS: readonly (readonly [string, string])[] = [
  ["/", "go to the search box"],
  ["g", "show the VMs"],
  ["h", "show the hosts"],
  ["t", "show which VMs can meet"],
  ["d", "show what does not fit"],
  ["c", "show the conflicts"],
  ["j, k", "go to the next VM of the list, or to the one before"],
  ["y", "copy the address beside the focus, else the first one: of a VM, its primary address"],
  ["Tab, Enter", "move between links, open one"],
  ["?", "show this list"],
  ["Esc", "close this list"],
];

/** The list of keys. */
export function KeyboardHelp({
  isOpen,
  onClose,
}: {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}) {
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title="Keys"
      closeButtonProps={{ "aria-label": "Close" }}
      // It is gone as soon as it is closed: keys work again from then on.
      transitionProps={{ duration: 0 }}
    >
      <dl className="keys">
        {KEYS.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <Kbd>{key}</Kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
