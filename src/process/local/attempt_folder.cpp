#include "process/local/attempt_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <utility>

#include "model/layout.hpp"
#include "process/local/ended_list.hpp"
#include "process/local/fence.hpp"
#include "process/local/files.hpp"

namespace cordyna::local {
namespace {

constexpr std::size_t kRecordBytesMax = 65536;
constexpr off_t kFolderBytesMax = 65536;

int make_folder(int parent, const char* name) {
  return mkdirat(parent, name, 0700) == 0 || errno == EEXIST ? 0 : errno;
}

/// A new folder below runs/; removes what a dead process of this number left there.
int make_staged(int state, const std::string& staged) {
  for (int tries = 0; tries < 3; ++tries) {
    if (mkdirat(state, staged.c_str(), 0700) == 0) return 0;
    if (errno == EEXIST) {
      remove_tree(state, staged.c_str());
    } else if (errno != ENOENT) {
      return errno;
    } else if (const int error = make_folder(state, "runs")) {
      return error;
    }
  }
  return EBUSY;
}

int put_in_place(int state, const std::string& staged, const std::string& target) {
  for (int tries = 0; tries < 2; ++tries) {
    if (renameat(state, staged.c_str(), state, target.c_str()) == 0) return 0;
    if (errno != ENOENT) return errno == ENOTEMPTY ? EEXIST : errno;
    const int error = make_folder(state, target.substr(0, target.rfind('/')).c_str());
    if (error != 0) return error;
  }
  return ENOENT;
}

/// Entries beside "." and ".."; more than `most`: most + 1.
int count_entries(const Fd& folder, int most) {
  alignas(dirent64) std::array<char, 2048> buffer;
  if (lseek(folder.get(), 0, SEEK_SET) != 0) return most + 1;
  int entries = -2;
  while (entries <= most) {
    const ssize_t got = getdents64(folder.get(), buffer.data(), buffer.size());
    if (got < 0) return most + 1;
    if (got == 0) return entries;
    for (ssize_t at = 0; at < got; ++entries) {
      at += reinterpret_cast<const dirent64*>(buffer.data() + at)->d_reclen;
    }
  }
  return most + 1;
}

/// Whether it is still a folder of ours as we make them, and not grown by files that it once had.
bool is_as_made(const struct stat& status) {
  return (status.st_mode & 07777) == 0700 && status.st_size <= kFolderBytesMax;
}

/// Whether parent/NAME is still the folder `inner`, as it was made, and empty.
bool is_untouched(const Fd& parent, const char* name, const Fd& inner) {
  struct stat named{};
  struct stat opened{};
  return fstatat(parent.get(), name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         fstat(inner.get(), &opened) == 0 && named.st_ino == opened.st_ino &&
         named.st_dev == opened.st_dev && is_as_made(opened) && count_entries(inner, 0) == 0;
}

int make_inner(const Fd& folder, const char* name, Fd& inner) {
  if (mkdirat(folder.get(), name, 0700) != 0) return errno;
  inner = open_folder(folder.get(), name);
  return inner.valid() ? 0 : errno;
}

/// The inner folder: that of the attempt before, if nothing is in it, else a new one.
int take_over(const Fd& before, Fd& inner_before, const char* name, const Fd& folder, Fd& inner) {
  if (inner_before.valid() && is_untouched(before, name, inner_before) &&
      renameat(before.get(), name, folder.get(), name) == 0) {
    inner = std::move(inner_before);
    return 0;
  }
  return make_inner(folder, name, inner);
}

int fill(const std::string& text, AttemptFolder& next, AttemptFolder& before) {
  next.lock = Fd(openat(next.folder.get(), attempt_file::kGuardian,
                        O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!next.lock.valid()) return errno;
  if (const int error = write_all(next.lock.get(), text)) return error;
  if (flock(next.lock.get(), LOCK_EX | LOCK_NB) != 0) return errno;
  if (const int error = take_over(before.folder, before.artifacts, attempt_file::kArtifacts,
                                  next.folder, next.artifacts)) {
    return error;
  }
  return take_over(before.folder, before.work, attempt_file::kWork, next.folder, next.work);
}

/// The file `guardian`.
struct GuardianLine {
  ProcessId id;
  std::string boot;
  std::string record;  ///< what its guardian could still append before it was killed
};

Result<GuardianLine> read_guardian(int folder) {
  TRY_ASSIGN(const std::string text,
             read_regular_file(folder, attempt_file::kGuardian, kRecordBytesMax));
  GuardianLine line;
  const char* const end = text.data() + text.size();
  auto parsed = std::from_chars(text.data(), end, line.id.pid);
  if (parsed.ec == std::errc() && parsed.ptr != end) {
    parsed = std::from_chars(parsed.ptr + 1, end, line.id.start);
  }
  const std::size_t line_end = text.find('\n');
  if (parsed.ec != std::errc() || parsed.ptr == end || line_end == std::string::npos) {
    return fail(ErrorCode::kCorrupt, "its file 'guardian' is damaged");
  }
  line.boot = std::string(parsed.ptr + 1, text.data() + line_end);
  line.record = text.substr(line_end + 1);
  return line;
}

bool lock_is_held(int folder) {
  const Fd file(
      openat(folder, attempt_file::kGuardian, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  return file.valid() && flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

/// Whether there is a record, readable or not; `look` gets what it says.
bool read_record(int folder, FolderLook& look) {
  auto text = read_regular_file(folder, attempt_file::kExit, kRecordBytesMax);
  if (!text.has_value() && text.error().code == ErrorCode::kNotFound) return false;
  if (!text.has_value()) {
    look.state = FolderState::kGone;
    look.detail = text.error().message;
    return true;
  }
  // The guardian's line, then the record; just the record, where the gate was closed.
  const std::size_t at = text->starts_with('{') ? 0 : text->find('\n') + 1;
  auto record = parse_exit_record(std::string_view(*text).substr(at));
  if (record.has_value()) {
    look.state = FolderState::kEnded;
    look.record = *std::move(record);
  } else {
    look.state = FolderState::kGone;
    look.detail = record.error().message;
  }
  return true;
}

/// Whether the run's list of ended attempts has it.
bool find_record(const std::string& path, FolderLook& look) {
  auto record = find_ended(path);
  if (!record.has_value()) return false;
  look.state = FolderState::kEnded;
  look.record = *std::move(record);
  return true;
}

}  // namespace

std::string next_folder_name(pid_t guardian) {
  return "runs/.next-" + std::to_string(guardian);
}

int make_next_folder(int state, const std::string& text, AttemptFolder& next,
                     AttemptFolder& before) {
  const std::string staged = next_folder_name(getpid());
  if (const int error = make_staged(state, staged)) return error;
  next.path = staged;
  next.folder = open_folder(state, staged.c_str());
  const int error = next.folder.valid() ? fill(text, next, before) : errno;
  if (error != 0) {
    next = {};
    remove_tree(state, staged.c_str());
  }
  return error;
}

int begin_attempt(int state, const std::string& name, const std::vector<LaunchFile>& files,
                  AttemptFolder& next, const Fd& fence, std::uint64_t fence_number) {
  std::string target = "runs/" + name;
  int error = 0;
  std::size_t written = 0;
  for (; written < files.size() && error == 0; ++written) {
    const LaunchFile& file = files[written];
    const bool ours = !file.name.empty() && file.name.find('/') == std::string::npos;
    error = ours ? write_new_file(next.folder.get(), file.name.c_str(), file.content) : EINVAL;
  }
  if (error == 0) error = lock_fence(fence, fence_number);
  if (error == 0) {
    error = put_in_place(state, next.path, target);
    unlock_fence(fence);
  }
  if (error == 0) next.path = std::move(target);
  for (std::size_t i = 0; i < written && error != 0; ++i) {
    unlinkat(next.folder.get(), files[i].name.c_str(), 0);
  }
  return error;
}

bool left_nothing(const AttemptFolder& attempt) {
  struct stat status{};
  constexpr int kOwnEntries = 3;  // guardian, artifacts, work
  return fstat(attempt.folder.get(), &status) == 0 && is_as_made(status) &&
         count_entries(attempt.folder, kOwnEntries) == kOwnEntries &&
         is_untouched(attempt.folder, attempt_file::kArtifacts, attempt.artifacts) &&
         is_untouched(attempt.folder, attempt_file::kWork, attempt.work);
}

int end_attempt(const AttemptFolder& attempt, const ExitRecord& record) {
  if (const int error = write_all(attempt.lock.get(), encode(record))) return error;
  const int folder = attempt.folder.get();
  const int renamed = renameat(folder, attempt_file::kGuardian, folder, attempt_file::kExit);
  return renamed == 0 ? 0 : errno;
}

int place_ended(const std::string& state_folder, const std::string& name, ExitRecord record,
                const std::function<bool(const std::string&, ExitRecord&)>& fill) {
  const Fd state = open_folder(AT_FDCWD, state_folder.c_str());
  if (!state.valid()) return errno;
  // Two threads of one owner: one takes from a cache, the other closes gates.
  const std::string staged = (fill ? "runs/.taken-" : "runs/.gate-") + std::to_string(getpid());
  if (const int error = make_staged(state.get(), staged)) return error;
  const Fd folder = open_folder(state.get(), staged.c_str());
  int error = folder.valid() ? 0 : errno;
  if (error == 0 && fill && !fill(state_folder + "/" + staged, record)) error = ECANCELED;
  if (error == 0) error = write_new_file(folder.get(), attempt_file::kExit, encode(record));
  if (error == 0) error = put_in_place(state.get(), staged, "runs/" + name);
  if (error != 0) remove_tree(state.get(), staged.c_str());
  return error;
}

int close_gate(const std::string& state_folder, const std::string& name, const ExitRecord& record) {
  return place_ended(state_folder, name, record, {});
}

std::string guardian_text(const ProcessId& id, const std::string& boot) {
  return std::to_string(id.pid) + " " + std::to_string(id.start) + " " + boot + "\n";
}

FolderLook look_at_folder(const std::string& path, const std::string& boot) {
  FolderLook look;
  const Fd folder = open_folder(AT_FDCWD, path.c_str());
  if (!folder.valid()) {
    if (errno == ENOENT) {
      find_record(path, look);
      return look;
    }
    look.state = FolderState::kGone;
    look.detail = path + ": " + errno_text(errno);
    return look;
  }
  if (read_record(folder.get(), look)) return look;
  const auto line = read_guardian(folder.get());
  if (line.has_value() && line->boot == boot && !boot.empty() && lock_is_held(folder.get())) {
    look.guardian = line->id;
    look.process = open_process(line->id);
    look.state = look.process.valid() ? FolderState::kAlive : FolderState::kHidden;
    return look;
  }
  // It may have ended between the two looks, or have been killed just before the renaming.
  if (read_record(folder.get(), look) || find_record(path, look)) return look;
  if (line.has_value() && line->record.ends_with('\n')) {
    if (auto record = parse_exit_record(line->record); record.has_value()) {
      look.state = FolderState::kEnded;
      look.record = *std::move(record);
      return look;
    }
  }
  look.state = FolderState::kGone;
  if (line.has_value()) look.guardian = line->id;
  look.same_boot = !line.has_value() || line->boot == boot;
  look.detail = !line.has_value()    ? line.error().message
                : line->boot != boot ? "the host was restarted"
                                     : "its guardian was killed";
  return look;
}

}  // namespace cordyna::local
