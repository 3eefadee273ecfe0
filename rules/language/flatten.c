#include "flatten.h"
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

// The declarations below repeat the part of tree-sitter's api.h (core 0.25) that is used here: a module cannot include another
// module's headers. The symbols are weak because cgo links each package once on its own, where the core, which the
// go-tree-sitter package brings, is absent.
#define WEAK __attribute__((weak))

typedef struct TSParser TSParser;
typedef struct TSTree TSTree;
typedef struct TSLanguage TSLanguage;
typedef struct { uint32_t row, column; } TSPoint;
typedef uint32_t (*DecodeFunction)(const uint8_t *, uint32_t, int32_t *);
typedef struct {
	void *payload;
	const char *(*read)(void *, uint32_t, TSPoint, uint32_t *);
	int encoding; // 0: UTF-8
	DecodeFunction decode;
} TSInput;
typedef struct { void *payload; uint32_t current_byte_offset; bool has_error; } TSParseState;
typedef struct { void *payload; bool (*progress_callback)(TSParseState *); } TSParseOptions;
typedef struct { uint32_t context[4]; const void *id; const TSTree *tree; } TSNode;
typedef struct { const void *tree; const void *id; uint32_t context[3]; } TSTreeCursor;

WEAK void ts_set_allocator(void *(*)(size_t), void *(*)(size_t, size_t), void *(*)(void *, size_t), void (*)(void *));
WEAK TSParser *ts_parser_new(void);
WEAK void ts_parser_delete(TSParser *);
WEAK bool ts_parser_set_language(TSParser *, const TSLanguage *);
WEAK TSTree *ts_parser_parse_with_options(TSParser *, const TSTree *, TSInput, TSParseOptions);
WEAK void ts_tree_delete(TSTree *);
WEAK TSNode ts_tree_root_node(const TSTree *);
WEAK TSTreeCursor ts_tree_cursor_new(TSNode);
WEAK void ts_tree_cursor_delete(TSTreeCursor *);
WEAK TSNode ts_tree_cursor_current_node(const TSTreeCursor *);
WEAK uint16_t ts_tree_cursor_current_field_id(const TSTreeCursor *);
WEAK bool ts_tree_cursor_goto_first_child(TSTreeCursor *);
WEAK bool ts_tree_cursor_goto_next_sibling(TSTreeCursor *);
WEAK bool ts_tree_cursor_goto_parent(TSTreeCursor *);
WEAK uint32_t ts_node_descendant_count(TSNode);
WEAK uint16_t ts_node_symbol(TSNode);
WEAK uint32_t ts_node_start_byte(TSNode);
WEAK uint32_t ts_node_end_byte(TSNode);
WEAK bool ts_node_is_named(TSNode);
WEAK bool ts_node_is_missing(TSNode);
WEAK bool ts_node_is_extra(TSNode);
WEAK bool ts_node_is_error(TSNode);
WEAK uint32_t ts_language_symbol_count(const TSLanguage *);
WEAK const char *ts_language_symbol_name(const TSLanguage *, uint16_t);
WEAK int ts_language_symbol_type(const TSLanguage *, uint16_t);
WEAK uint32_t ts_language_field_count(const TSLanguage *);
WEAK const char *ts_language_field_name_for_id(const TSLanguage *, uint16_t);

// go-tree-sitter's own allocator calls back into Go for every allocation, which costs a third of the parse.
//
// glibc keeps a heap for each thread that ever allocated, up to eight for each processor, and a parse runs on whatever thread Go gives it. As many
// heaps as there are parses at a time are enough; each of the others would keep what its largest file took.
void rg_setup(int parallel) {
	ts_set_allocator(malloc, calloc, realloc, free);
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, parallel);
#endif
}

typedef struct { const char *source; uint32_t length; } text;

static const char *read_text(void *payload, uint32_t offset, TSPoint position, uint32_t *bytes) {
	text *t = payload;
	(void)position;
	if (offset >= t->length) {
		*bytes = 0;
		return "";
	}
	*bytes = t->length - offset;
	return t->source + offset;
}

// Steps are what decides: the same file is refused on every machine or on none. The clock, that of the processor, is the last resort, for inputs
// on which single steps become slow.
typedef struct { uint64_t left, deadline; bool over; } budget;

static uint64_t millis(void) {
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool progress(TSParseState *state) {
	budget *b = state->payload;
	if (b->left == 0 || millis() > b->deadline) {
		b->over = true;
		return true;
	}
	b->left--;
	return false;
}

static int flatten(const TSTree *tree, rg_limits limits, rg_result *out) {
	TSNode root = ts_tree_root_node(tree);
	TSTreeCursor cursor = ts_tree_cursor_new(root);
	uint32_t room = ts_node_descendant_count(root), count = 0, parent = 0, depth = 0;
	room = room < 1024 ? 1024 : room > limits.max_nodes ? limits.max_nodes : room;
	rg_record *records = malloc(room * sizeof(rg_record));
	int status = records ? RG_OK : RG_NO_MEMORY;
	while (status == RG_OK) {
		if (count == room) {
			if (count >= limits.max_nodes) {
				status = RG_TOO_MANY;
				break;
			}
			room *= 2;
			rg_record *more = realloc(records, room * sizeof(rg_record));
			if (!more) {
				status = RG_NO_MEMORY;
				break;
			}
			records = more;
		}
		TSNode node = ts_tree_cursor_current_node(&cursor);
		rg_record *r = &records[count];
		r->start = ts_node_start_byte(node);
		r->end = ts_node_end_byte(node);
		r->parent = parent;
		r->next = count + 1;
		r->symbol = ts_node_symbol(node);
		r->field = (uint8_t)ts_tree_cursor_current_field_id(&cursor);
		r->flags = (ts_node_is_named(node) ? RG_NAMED : 0) | (ts_node_is_extra(node) ? RG_EXTRA : 0) |
			(ts_node_is_missing(node) ? RG_MISSING : 0) | (ts_node_is_error(node) ? RG_ERROR : 0);
		uint32_t self = count++;
		if (ts_tree_cursor_goto_first_child(&cursor)) {
			parent = self;
			if (++depth > limits.max_depth) {
				status = RG_TOO_DEEP;
			}
			continue;
		}
		bool more = true;
		while (!ts_tree_cursor_goto_next_sibling(&cursor)) {
			if (depth == 0 || !ts_tree_cursor_goto_parent(&cursor)) {
				more = false;
				break;
			}
			depth--;
			records[parent].next = count;
			parent = records[parent].parent;
		}
		if (!more) {
			break;
		}
	}
	ts_tree_cursor_delete(&cursor);
	if (status != RG_OK) {
		free(records);
		records = NULL;
		count = 0;
	}
	out->records = records;
	out->count = count;
	return status;
}

rg_result rg_parse(const void *language, const char *source, uint32_t length, rg_limits limits) {
	rg_result out = {NULL, 0, RG_OK, 0};
	TSParser *parser = ts_parser_new();
	if (!parser) {
		out.status = RG_NO_MEMORY;
		return out;
	}
	if (!ts_parser_set_language(parser, language)) {
		ts_parser_delete(parser);
		out.status = RG_REFUSED;
		return out;
	}
	text t = {source, length};
	budget b = {limits.max_steps, millis() + limits.max_millis, false};
	TSInput input = {&t, read_text, 0, NULL};
	TSParseOptions options = {&b, progress};
	TSTree *tree = ts_parser_parse_with_options(parser, NULL, input, options);
	out.steps = limits.max_steps - b.left;
	ts_parser_delete(parser);
	if (tree) {
		out.status = flatten(tree, limits, &out);
		ts_tree_delete(tree);
	} else {
		out.status = b.over ? RG_TOO_SLOW : RG_REFUSED;
	}
	return out;
}

// What a large file took goes back to the system, so that two of them are not paid for by the small ones between them.
void rg_free(void *records, uint32_t count) {
	free(records);
#ifdef __GLIBC__
	if (count > 30000) {
		malloc_trim(1 << 20);
	}
#endif
}
uint32_t rg_symbols(const void *language) { return ts_language_symbol_count(language); }
const char *rg_symbol_name(const void *language, uint16_t symbol) { return ts_language_symbol_name(language, symbol); }
int rg_symbol_named(const void *language, uint16_t symbol) { return ts_language_symbol_type(language, symbol) == 0; }
uint32_t rg_fields(const void *language) { return ts_language_field_count(language); }
const char *rg_field_name(const void *language, uint16_t field) { return ts_language_field_name_for_id(language, field); }
