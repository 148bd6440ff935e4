/* The C interface of e-mail (src/mail of the crate): one message to one server by SMTP.
 *
 * Blocks, at most as long as the mail says for each wait. Threads: any. No call lets a panic out.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rust/bytes_ffi.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { DYNA_TLS_WHOLE = 0, DYNA_TLS_STARTTLS = 1, DYNA_TLS_NONE = 2 };

/* Texts are UTF-8. */
typedef struct DynaMail {
  DynaBytes host;
  uint16_t port;
  uint8_t tls;    /* DYNA_TLS_…; STARTTLS: refused by a server that has none */
  DynaBytes user; /* empty: nobody logs in */
  DynaBytes password;
  DynaBytes ca_pem; /* CAs that are trusted beside the system's; empty: those alone */
  uint32_t wait_ms;
  DynaBytes from;
  const DynaBytes* to;
  size_t to_count; /* at least one */
  DynaBytes subject;
  DynaBytes text;
  DynaBytes id;  /* Message-ID without its angle brackets: the same for each repeat */
  int64_t at_ms; /* Date: milliseconds since 1970 in UTC */
} DynaMail;

enum {
  DYNA_MAIL_SENT = 0,
  DYNA_MAIL_REFUSED = 1,     /* the server says no, and would again */
  DYNA_MAIL_UNREACHABLE = 2, /* not now */
  DYNA_MAIL_WRONG = 3,       /* an address, or a CA, that is none */
  DYNA_MAIL_BROKEN = 4       /* a bug */
};

/* Called once where it was not sent, with why. Holds no password. */
typedef struct DynaMailProblem {
  void* self;
  void (*tell)(void* self, DynaBytes why);
} DynaMailProblem;

int32_t dyna_mail_send(const DynaMail* mail, const DynaMailProblem* problem);

#ifdef __cplusplus
}
#endif
