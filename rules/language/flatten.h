// What Go sees of tree-sitter: one call that parses a file and hands back the whole tree as fixed-size records.
#ifndef REVIEWGATE_FLATTEN_H
#define REVIEWGATE_FLATTEN_H
#include <stddef.h>
#include <stdint.h>

// A node of the concrete tree. Records lie in preorder; index 0 is the root.
typedef struct {
	uint32_t start, end; // bytes
	uint32_t next;       // first record after the subtree
	uint32_t parent;     // the root has itself
	uint16_t symbol;
	uint8_t field; // 0: none
	uint8_t flags; // RG_NAMED ...
} rg_record;

enum { RG_NAMED = 1, RG_EXTRA = 2, RG_MISSING = 4, RG_ERROR = 8 };

// Why there is no tree.
enum { RG_OK = 0, RG_TOO_DEEP = 1, RG_TOO_MANY = 2, RG_TOO_SLOW = 3, RG_NO_MEMORY = 4, RG_REFUSED = 5 };

typedef struct {
	uint32_t max_depth, max_nodes;
	uint64_t max_steps; // of the parser: a hundred operations each
	uint64_t max_millis; // of processor time
} rg_limits;

typedef struct {
	rg_record *records; // to be freed by rg_free
	uint32_t count;
	int status;
	uint64_t steps;
} rg_result;

void rg_setup(int parallel); // how many parses run at a time
rg_result rg_parse(const void *language, const char *source, uint32_t length, rg_limits limits);
void rg_free(void *records, uint32_t count);
uint32_t rg_symbols(const void *language);
const char *rg_symbol_name(const void *language, uint16_t symbol);
int rg_symbol_named(const void *language, uint16_t symbol);
uint32_t rg_fields(const void *language);
const char *rg_field_name(const void *language, uint16_t field);
#endif
