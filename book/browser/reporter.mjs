// A line for each check, what is wrong with those that failed, and how many there were.

export default async function* (events) {
    let [passed, failed] = [0, 0];
    for await (const { type, data } of events) {
        if (data?.details?.type === 'suite') {
            continue;
        }
        if (type === 'test:pass') {
            passed += 1;
            yield `ok      ${data.name} (${(data.details.duration_ms / 1000).toFixed(1)} s)\n`;
        }
        if (type === 'test:fail') {
            failed += 1;
            const { error } = data.details;
            yield `FAILED  ${data.name}\n${(error.cause?.stack ?? error.message).replace(/^/gm, '    ')}\n`;
        }
    }
    yield `${passed} passed, ${failed} failed\n`;
}
