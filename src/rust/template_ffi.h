/* The C interface of the template engine (src/template of the crate).
 *
 * Bytes in are borrowed for the call. What a call puts into a DynaText belongs to the caller, who
 * frees it with dyna_template_free, whatever the status. Texts need not be UTF-8. Offsets are bytes
 * into the text that was given. Threads: any. No call lets a panic out. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rust/bytes_ffi.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct DynaText {
  uint8_t* data;
  size_t size;
  size_t capacity;
  size_t offset; /* of what an error message is about; or a result, where that is said */
} DynaText;

enum {
  DYNA_TEMPLATE_OK = 0,
  DYNA_TEMPLATE_FAILED = 1,
  DYNA_TEMPLATE_BROKEN = 2, /* a bug in the engine */
  DYNA_TEMPLATE_UNNAMED = 3 /* failed on an undefined value that `find` gave */
};
enum { DYNA_FIND_SECRET = 0, DYNA_FIND_ENV = 1, DYNA_FIND_FILES = 2 };
enum { DYNA_FOUND = 0, DYNA_UNDEFINED = 1, DYNA_NOT_FOUND = 2 };

typedef struct DynaHost {
  void* self;
  /* Sets `found` to bytes that live until the next call of it. DYNA_UNDEFINED: an undefined value.
   */
  int32_t (*find)(void* self, int32_t kind, DynaBytes name, DynaBytes* found);
  void (*sha256)(DynaBytes data, uint8_t* digest);
} DynaHost;

enum { DYNA_MODE_TEXT = 0, DYNA_MODE_EXPRESSION = 1 };

/* The text of a template, or the value of one expression as JSON. Otherwise
 * the message, with its offset. */
int32_t dyna_template_render(DynaBytes text, DynaBytes context, int32_t mode, const DynaHost* host,
                             DynaText* out);

/* Of a text that begins with "{{": `offset` becomes the count of bytes up to behind its "}}";
 * `is_raw` whether `raw` is its last filter. */
int32_t dyna_template_expression(DynaBytes text, int32_t* is_raw, DynaText* out);

enum {
  DYNA_PROBLEM_MESSAGE = 0,
  DYNA_PROBLEM_FILTER = 1, /* the text is the unknown name */
  DYNA_PROBLEM_TEST = 2,
  DYNA_PROBLEM_FUNCTION = 3
};

typedef struct DynaSink {
  void* self;
  void (*reference)(void* self, size_t offset, const DynaBytes* path, size_t count);
  void (*problem)(void* self, int32_t kind, size_t offset, DynaBytes text);
  void (*raw)(void* self, size_t offset);
} DynaSink;

int32_t dyna_template_analyze(DynaBytes text, const DynaSink* sink, DynaText* out);

/* The known names of a kind (DYNA_PROBLEM_FILTER and the like), one in a line. */
void dyna_template_names(int32_t kind, DynaText* out);

/* Whether the whole of `text` matches a regular expression (Rust's `regex`, without Unicode's
 * classes; time is linear in the text). Otherwise the message says what is wrong with it. */
int32_t dyna_match_whole(DynaBytes pattern, DynaBytes text, int32_t* matches, DynaText* out);

void dyna_template_free(DynaText* text);

#ifdef __cplusplus
}
#endif
