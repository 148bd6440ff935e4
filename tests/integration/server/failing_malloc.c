/* Lets the n-th allocation of a server fail.
 *
 * For LD_PRELOAD. $DYNA_MALLOC names a file of 4 numbers (64 bits) that both sides map: what the
 * test writes counts at once. A child of the server has another environment.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct Control {
  volatile int64_t count; /* allocations so far */
  volatile int64_t at;    /* this one fails; 0: none */
  volatile int64_t run;   /* and so many after it */
  volatile int64_t failed;
};

static struct Control* control;

void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

__attribute__((constructor)) static void begin(void) {
  const char* path = getenv("DYNA_MALLOC");
  if (path == NULL) return;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) abort();
  void* at = mmap(NULL, sizeof(struct Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) abort();
  close(fd);
  control = at;
}

static int fails(void) {
  if (control == NULL) return 0;
  const int64_t number = __atomic_add_fetch(&control->count, 1, __ATOMIC_SEQ_CST);
  const int64_t at = control->at;
  if (at == 0 || number < at || number > at + control->run) return 0;
  __atomic_fetch_add(&control->failed, 1, __ATOMIC_SEQ_CST);
  errno = ENOMEM;
  return 1;
}

void* malloc(size_t size) {
  return fails() ? NULL : __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
  return fails() ? NULL : __libc_calloc(count, size);
}

void* realloc(void* block, size_t size) {
  return fails() ? NULL : __libc_realloc(block, size);
}

void* aligned_alloc(size_t alignment, size_t size) {
  return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void** out, size_t alignment, size_t size) {
  if (fails()) return ENOMEM;
  *out = __libc_memalign(alignment, size);
  return *out == NULL ? ENOMEM : 0;
}
