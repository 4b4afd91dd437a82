import { Kbd, Modal } from "@mantine/core";
import { KEYS } from "./keys.js";

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
      // It closes without an animation, so that keys work again at once.
      transitionProps={{ duration: 0 }}
    >
      <dl className="keys">
        {KEYS.map(({ keys, meaning }) => (
          <div key={meaning}>
            <dt>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
