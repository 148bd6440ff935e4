/// The folder of an attempt: the gate that lets it begin at most once, and what is known from it.
///
/// A folder is built under another name, with the guardian's identity and its lock in it, and then
/// renamed. Renaming onto a folder that is there fails, whoever made it. So a folder that exists
/// has always begun; its guardian lives exactly as long as the lock is held. The folder of an
/// attempt that left nothing moves on to the next attempt: then the run's list of ended attempts
/// has its record, and the fence keeps an order of an earlier owner from beginning it again.
/// Threads: any.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "ports/launch.hpp"
#include "process/local/exit_record.hpp"
#include "process/local/fd.hpp"
#include "process/local/proc.hpp"

namespace cordyna::local {

/// A folder of a guardian's: one that is ready for its next attempt, then the attempt's.
struct AttemptFolder {
  std::string path;  ///< below the state folder, where it is now
  Fd folder;
  Fd lock;  ///< the file `guardian`, locked and open for writing
  Fd artifacts;
  Fd work;

  [[nodiscard]] bool valid() const { return folder.valid(); }
};

/// "runs/.next-PID": where a guardian keeps the folder for its next attempt.
[[nodiscard]] std::string next_folder_name(pid_t guardian);

/// Makes that folder with all that does not depend on the attempt: the file `guardian` with `text`,
/// locked; artifacts/ and work/, taken from the attempt `before` where they are left empty, for
/// making folders is dear. 0 or errno.
[[nodiscard]] int make_next_folder(int state, const std::string& text, AttemptFolder& next,
                                   AttemptFolder& before);

/// Moves it to runs/NAME while the fence stands at `fence_number`. 0; EEXIST: the
/// attempt began already; ESTALE: the fence was raised; otherwise errno. After an error `next` is
/// as before.
[[nodiscard]] int begin_attempt(int state, const std::string& name,
                                const std::vector<LaunchFile>& files, AttemptFolder& next,
                                const Fd& fence, std::uint64_t fence_number);

/// Whether the attempt left nothing worth keeping: neither a file, nor an artifact, nor a change of
/// what was there before it.
[[nodiscard]] bool left_nothing(const AttemptFolder& attempt);

/// Appends the record to the file `guardian`, then renames it to `exit`. The space for it was
/// taken at the start. 0 or errno.
[[nodiscard]] int end_attempt(const AttemptFolder& attempt, const ExitRecord& record);

/// Closes the gate of an attempt that never began: its folder then holds just this record.
/// 0; EEXIST: it began already; otherwise errno.
[[nodiscard]] int close_gate(const std::string& state_folder, const std::string& name,
                             const ExitRecord& record);

/// Puts the folder of an attempt in its place that never began, and has ended all the same: `fill`
/// puts in what it left, given where the folder is until then, and may change the record. False of
/// it: nothing is put in place. 0; ECANCELED: `fill` said no; EEXIST: it began already; otherwise
/// errno.
[[nodiscard]] int place_ended(const std::string& state_folder, const std::string& name,
                              ExitRecord record,
                              const std::function<bool(const std::string&, ExitRecord&)>& fill);

[[nodiscard]] std::string guardian_text(const ProcessId& id, const std::string& boot);

enum class FolderState : std::uint8_t {
  kAbsent,  ///< never begun
  kEnded,   ///< `record` says how
  kAlive,   ///< `process` is its guardian
  kHidden,  ///< its guardian lives, but cannot be seen from here (another PID namespace)
  kGone,    ///< it began, its guardian is dead, and there is no record: `detail`
};

struct FolderLook {
  FolderState state = FolderState::kAbsent;
  ExitRecord record;
  ProcessId guardian;      ///< where it could be read
  Fd process;              ///< a pidfd, for kAlive
  bool same_boot = false;  ///< for kGone: something of it may still run
  std::string detail;      ///< for people, for kGone
};

[[nodiscard]] FolderLook look_at_folder(const std::string& folder, const std::string& boot);

}  // namespace cordyna::local
