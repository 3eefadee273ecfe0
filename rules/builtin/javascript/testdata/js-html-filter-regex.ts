export function clean(html: string): string {
  // ruleid: js-html-filter-regex
  let bare: string = html.replace(/<script[^>]*>.*?<\/script>/gis, "");
  // ruleid: js-html-filter-regex
  bare = bare.replaceAll(/<\/?iframe[^>]*>/g, "");
  // ruleid: js-html-filter-regex
  bare = bare.replace(/<(object|embed)[^>]*>/gi, " ");
  // ok: js-html-filter-regex
  bare = bare.replace(/<!--.*?-->/gs, "");
  // ok: js-html-filter-regex
  bare = bare.replace(/<\/script/g, "<\\/script");
  // ok: js-html-filter-regex
  return bare.replace(/&/g, "&amp;");
}
