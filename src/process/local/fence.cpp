#include "process/local/fence.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>

#include "model/layout.hpp"
#include "process/local/files.hpp"

namespace cordyna::local {
namespace {

constexpr int kWaitMs = 10;
constexpr int kTriesMax = 1'000;

/// 0 or errno; a file that was never written says 0.
int read_number(int file, std::uint64_t& number) {
  char bytes[sizeof number] = {};
  const ssize_t got = pread(file, bytes, sizeof bytes, 0);
  if (got < 0) return errno;
  std::memcpy(&number, bytes, sizeof number);
  return 0;
}

int write_number(int file, std::uint64_t number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  const ssize_t written = pwrite(file, bytes, sizeof bytes, 0);
  if (written < 0) return errno;
  return written == sizeof bytes ? 0 : ENOSPC;
}

}  // namespace

Fd open_fence(int state) {
  return Fd(openat(state, kFenceFile, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
}

Result<std::uint64_t> raise_fence(const std::string& state_folder) {
  const std::string path = state_folder + "/" + kFenceFile;
  const auto failed = [&](int error) {
    return fail(ErrorCode::kUnavailable, path + ": " + errno_text(error));
  };
  const Fd state = open_folder(AT_FDCWD, state_folder.c_str());
  const Fd file = state.valid() ? open_fence(state.get()) : Fd();
  if (!file.valid()) return failed(errno);
  for (int tries = 1; flock(file.get(), LOCK_EX | LOCK_NB) != 0; ++tries) {
    if (errno != EWOULDBLOCK && errno != EINTR) return failed(errno);
    if (tries == kTriesMax) {
      return fail(ErrorCode::kUnavailable,
                  path +
                      " is locked by a guardian that does not go on; `ps -C dyna-guardian` shows "
                      "which one is stopped");
    }
    poll(nullptr, 0, kWaitMs);
  }
  std::uint64_t number = 0;
  if (const int error = read_number(file.get(), number)) return failed(error);
  if (const int error = write_number(file.get(), ++number)) return failed(error);
  return number;
}

int lock_fence(const Fd& fence, std::uint64_t mine) {
  while (flock(fence.get(), LOCK_SH) != 0) {
    if (errno != EINTR) return errno;
  }
  std::uint64_t number = 0;
  int error = read_number(fence.get(), number);
  if (error == 0 && number != mine) error = ESTALE;
  if (error != 0) unlock_fence(fence);
  return error;
}

void unlock_fence(const Fd& fence) {
  flock(fence.get(), LOCK_UN);
}

}  // namespace cordyna::local
