// To the clipboard.
export function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(area);
  area.select();
  document.execCommand("copy"); // a page in the office network, without TLS, has no navigator.clipboard
  area.remove();
  return Promise.resolve();
}
