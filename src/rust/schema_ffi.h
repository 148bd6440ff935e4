/* The C interface of JSON Schema (src/schema of the crate): drafts 2020-12, 2019-09, 7 and 6.
 *
 * Nothing is fetched: a `$ref` leads within its schema. What a hostile schema or value may cost is
 * bounded (src/schema/bounds.rs, src/schema/meter.rs). Threads: any, also many with one DynaSchema.
 * No call lets a panic out. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rust/bytes_ffi.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct DynaSchema DynaSchema;

/* What is wrong, each by one call with a JSON pointer ("#/items/0") and words for people; at most
 * DYNA_FINDINGS_MAX. */
typedef struct DynaFindings {
  void* self;
  void (*add)(void* self, DynaBytes at, DynaBytes message);
} DynaFindings;

enum { DYNA_FINDINGS_MAX = 10 };
enum {
  DYNA_SCHEMA_OK = 0,
  DYNA_SCHEMA_FAILED = 1, /* the findings say why */
  DYNA_SCHEMA_BROKEN = 2  /* a bug; the one finding has its text */
};

/* OK: `out` becomes a schema, to be freed by dyna_schema_free. */
int32_t dyna_schema_compile(DynaBytes text, DynaSchema** out, const DynaFindings* findings);

/* Whether a text is JSON that the schema allows. */
int32_t dyna_schema_check(const DynaSchema* schema, DynaBytes json, const DynaFindings* findings);

void dyna_schema_free(DynaSchema* schema);

#ifdef __cplusplus
}
#endif
