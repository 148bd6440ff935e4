/* Stands before the C library's file functions and makes the disk under a state fail, hang or be
 * slow.
 *
 * For LD_PRELOAD. $DYNA_DISK names a file of 8 numbers (64 bits) that both sides map: what the test
 * writes counts at once. Only files of the state's database are meant; a child of the server has
 * another environment.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { kWrites = 1, kSyncs = 2 };

struct Control {
  volatile int64_t what;     /* kWrites and kSyncs: which operations fail */
  volatile int64_t error;    /* with this errno; 0: a write is cut in half */
  volatile int64_t hold;     /* 1: synchronizing waits until this is 0 */
  volatile int64_t delay_us; /* each synchronizing takes so much longer */
  volatile int64_t writes;   /* how many there were */
  volatile int64_t syncs;
  volatile int64_t held; /* synchronizing that waits right now */
  volatile int64_t skip; /* so many of `what` succeed first */
};

static struct Control* control;

__attribute__((constructor)) static void begin(void) {
  const char* path = getenv("DYNA_DISK");
  if (path == NULL) return;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) abort();
  void* at = mmap(NULL, sizeof(struct Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) abort();
  close(fd);
  control = at;
}

static int is_state(int fd) {
  char link[64];
  char path[4096];
  const int saved = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  errno = saved;
  if (size < 0) return 0;
  path[size] = '\0';
  return strstr(path, "/state.db") != NULL;
}

static void sleep_us(int64_t us) {
  const struct timespec time = {us / 1000000, us % 1000000 * 1000};
  nanosleep(&time, NULL);
}

/* Whether this operation fails. */
static int fails(int what, int fd) {
  if (control == NULL || !is_state(fd)) return 0;
  __atomic_fetch_add(what == kWrites ? &control->writes : &control->syncs, 1, __ATOMIC_SEQ_CST);
  if (what == kSyncs) {
    if (control->hold) {
      __atomic_fetch_add(&control->held, 1, __ATOMIC_SEQ_CST);
      while (control->hold) sleep_us(1000);
      __atomic_fetch_sub(&control->held, 1, __ATOMIC_SEQ_CST);
    }
    if (control->delay_us > 0) sleep_us(control->delay_us);
  }
  if ((control->what & what) == 0) return 0;
  return __atomic_fetch_sub(&control->skip, 1, __ATOMIC_SEQ_CST) <= 0;
}

#define REAL(type, name) ((type)dlsym(RTLD_NEXT, name))

typedef ssize_t (*Write)(int, const void*, size_t);
typedef ssize_t (*Pwrite)(int, const void*, size_t, off64_t);
typedef int (*Sync)(int);
typedef int (*Truncate)(int, off64_t);

ssize_t write(int fd, const void* data, size_t size) {
  static Write real;
  if (real == NULL) real = REAL(Write, "write");
  if (!fails(kWrites, fd)) return real(fd, data, size);
  if (control->error == 0 && size > 1) return real(fd, data, size / 2);
  errno = control->error != 0 ? (int)control->error : ENOSPC;
  return -1;
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t at) {
  static Pwrite real;
  if (real == NULL) real = REAL(Pwrite, "pwrite64");
  if (!fails(kWrites, fd)) return real(fd, data, size, at);
  if (control->error == 0 && size > 1) return real(fd, data, size / 2, at);
  errno = control->error != 0 ? (int)control->error : ENOSPC;
  return -1;
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  return pwrite64(fd, data, size, at);
}

int ftruncate64(int fd, off64_t size) {
  static Truncate real;
  if (real == NULL) real = REAL(Truncate, "ftruncate64");
  if (!fails(kWrites, fd)) return real(fd, size);
  errno = control->error != 0 ? (int)control->error : ENOSPC;
  return -1;
}

int ftruncate(int fd, off_t size) {
  return ftruncate64(fd, size);
}

int fdatasync(int fd) {
  static Sync real;
  if (real == NULL) real = REAL(Sync, "fdatasync");
  if (!fails(kSyncs, fd)) return real(fd);
  errno = control->error != 0 ? (int)control->error : EIO;
  return -1;
}

int fsync(int fd) {
  static Sync real;
  if (real == NULL) real = REAL(Sync, "fsync");
  if (!fails(kSyncs, fd)) return real(fd);
  errno = control->error != 0 ? (int)control->error : EIO;
  return -1;
}
