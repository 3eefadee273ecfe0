import DOMPurify from "dompurify";

export function clean(html) {
  // ruleid: js-html-filter-regex
  html = html.replace(/<script\b[^>]*>[\s\S]*?<\/script>/gi, "");
  // ruleid: js-html-filter-regex
  html = html.replaceAll(/<\/?iframe[^>]*>/g, "");
  // ruleid: js-html-filter-regex
  html = html.replace(/<(object|embed)[^>]*>/gi, " ");
  // ok: js-html-filter-regex
  html = html.replace(/<!--[\s\S]*?-->/g, "");
  // ok: js-html-filter-regex
  html = html.replace(/</g, "&lt;");
  // ok: js-html-filter-regex
  html = html.replace(/<\/script/g, "<\\/script");
  // ok: js-html-filter-regex
  return DOMPurify.sanitize(html);
}
