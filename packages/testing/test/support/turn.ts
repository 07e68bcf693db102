/**
 * After each test the event loop has a turn. A file whose time is a `TestClock`'s, and whose cryptography is synchronous,
 * else runs from end to end in microtasks: the worker then reads no answer of the process that counts its tests, and
 * fails the run once that seems silent for a minute.
 */
import { afterEach } from "vitest"

afterEach(() => new Promise<void>((resolve) => setImmediate(resolve)))
