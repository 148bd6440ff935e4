/* Bytes that are handed to a call of the crate, or by it to a callback: borrowed for the call. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct DynaBytes {
  const uint8_t* data;
  size_t size;
} DynaBytes;

#ifdef __cplusplus
}
#endif
