/* spawn_chain N FILE: N times: start /bin/true, wait for it, append a line to FILE, fdatasync.
 *
 * The limit for a chain of N tasks: what a program must do that runs them one after the other and
 * makes each end durable. Prints the seconds it took. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int run_true(void) {
  char* const argv[] = {"true", NULL};
  pid_t pid;
  const int error = posix_spawnp(&pid, "true", NULL, NULL, argv, environ);
  if (error != 0) {
    fprintf(stderr, "spawn_chain: cannot start true: %s\n", strerror(error));
    return 1;
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return 1;
  }
  return status != 0;
}

int main(int argc, char** argv) {
  if (argc != 3 || atoi(argv[1]) <= 0) {
    fprintf(stderr, "usage: spawn_chain N FILE\n");
    return 2;
  }
  const int fd = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) {
    fprintf(stderr, "spawn_chain: %s: %s\n", argv[2], strerror(errno));
    return 1;
  }
  const int count = atoi(argv[1]);
  const double start = seconds();
  for (int i = 0; i < count; ++i) {
    char line[32];
    const int length = snprintf(line, sizeof line, "%d\n", i);
    if (run_true() != 0) return 1;
    if (write(fd, line, (size_t)length) != length || fdatasync(fd) != 0) {
      fprintf(stderr, "spawn_chain: %s: %s\n", argv[2], strerror(errno));
      return 1;
    }
  }
  printf("%.6f\n", seconds() - start);
  return 0;
}
