import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HeartbeatWatch } from "../../../src/vdsm/wire/heartbeat-watch.js";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe("the watch over a host's heartbeats", () => {
  test("calls once, after one and a half times what was promised", () => {
    const onSilence = vi.fn();
    new HeartbeatWatch(1_000, onSilence);
    vi.advanceTimersByTime(1_499);
    expect(onSilence).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10_000);
    expect(onSilence).toHaveBeenCalledExactlyOnceWith(1_500);
  });

  test("counts from the last sign of life", () => {
    const onSilence = vi.fn();
    const watch = new HeartbeatWatch(1_000, onSilence);
    for (let beat = 0; beat < 10; beat += 1) {
      vi.advanceTimersByTime(1_400);
      watch.noteReceived();
    }
    vi.advanceTimersByTime(1_499);
    expect(onSilence).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2);
    expect(onSilence).toHaveBeenCalledOnce();
  });

  test("reads what came during a stall of our own before it judges", () => {
    const onSilence = vi.fn();
    const watch = new HeartbeatWatch(1_000, onSilence);
    // The timer is due first, the bytes that waited come next, the verdict last.
    setTimeout(() => {
      watch.noteReceived();
    }, 1_500);
    vi.advanceTimersByTime(2_900);
    expect(onSilence).not.toHaveBeenCalled();
    vi.advanceTimersByTime(200);
    expect(onSilence).toHaveBeenCalledOnce();
  });

  test("says nothing once it is stopped, even at the last moment", () => {
    const onSilence = vi.fn();
    const watch = new HeartbeatWatch(1_000, onSilence);
    setTimeout(() => {
      watch.stop();
    }, 1_500);
    vi.advanceTimersByTime(10_000);
    watch.stop();
    expect(onSilence).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
