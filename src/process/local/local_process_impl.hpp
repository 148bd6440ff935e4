/// The inside of LocalProcess, in two parts: what callers do (local_process.cpp) and what its own
/// thread does (local_process_thread.cpp).
///
/// One mutex guards the bookkeeping; no file, socket or process is touched under it.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/wipe.hpp"
#include "process/local/attempt_folder.hpp"
#include "process/local/fd.hpp"
#include "process/local/fork_link.hpp"
#include "process/local/local_process.hpp"
#include "process/local/protocol.hpp"

namespace cordyna {
namespace local {

inline constexpr int kSendsMax = 3;
inline constexpr Millis kForceAfterGrace = 5'000;
inline constexpr std::uint64_t kWakeId = 0;

/// An encoded order: overwritten when nobody needs it any more, since it holds secrets.
struct OrderBytes {
  explicit OrderBytes(std::string text) : bytes(std::move(text)) {}
  ~OrderBytes() { wipe_secret(bytes); }
  OrderBytes(const OrderBytes&) = delete;
  OrderBytes& operator=(const OrderBytes&) = delete;
  std::string bytes;
};

/// The owner's end of a guardian. Shared, since a caller may send while our thread drops it.
struct Guardian {
  Guardian(std::uint64_t number, Fd end) : id(number), socket(std::move(end)) {}
  const std::uint64_t id;
  const Fd socket;
  std::string attempt;    ///< its name; empty: idle
  Millis idle_since = 0;  ///< steady
};
using GuardianRef = std::shared_ptr<Guardian>;

/// Work that is to be kept when it is done. Holds secrets.
struct WorkInHand {
  explicit WorkInHand(DoneWork done) : work(std::move(done)) {}
  ~WorkInHand() {
    for (std::string& mask : work.masks) wipe_secret(mask);
  }
  WorkInHand(const WorkInHand&) = delete;
  WorkInHand& operator=(const WorkInHand&) = delete;
  DoneWork work;
};

struct Entry {
  AttemptKey key;
  TaskIndex task = 0;
  ReportTrust trust = ReportTrust::kNone;
  std::shared_ptr<const OrderBytes> order;  ///< until it is certain that it arrived
  std::shared_ptr<WorkInHand> work;         ///< null: nothing is kept of it
  int sends = 0;
  GuardianRef guardian;         ///< null: adopted, or between two
  std::shared_ptr<Fd> process;  ///< pidfd of an adopted guardian
  bool hidden = false;          ///< adopted, and only its lock can be seen
  int cancels = 0;
  Millis force_at = 0;  ///< steady; 0: no
};

}  // namespace local

class LocalProcess::Impl {
 public:
  Impl(const StateLayout& layout, LocalSettings settings,
       std::map<std::string, Preparer*> preparers, const Clock& clock, ReportSink sink);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void start(const StartAttempt& command);
  void cancel(const CancelAttempt& command);
  void adopt(const StartAttempt& command);

 private:
  // Callers' thread or ours.
  // local_process_cache.cpp
  [[nodiscard]] bool may_take(const StartAttempt& command) const;
  [[nodiscard]] bool take(const std::string& name, const StartAttempt& command,
                          const std::string& key);
  [[nodiscard]] std::shared_ptr<local::WorkInHand> in_hand(const StartAttempt& command,
                                                           std::string key,
                                                           std::vector<std::string> masks) const;
  void keep(const local::WorkInHand& work, Outcome& outcome) const;

  void hand_out(const std::string& name);
  void fail_early(const StartAttempt& command, TaskError error);
  [[nodiscard]] local::GuardianRef add_guardian(local::Fd end, const std::string& name);
  [[nodiscard]] local::GuardianRef take_guardian(const std::string& name, Result<>& why);
  void send_cancel(const local::Guardian& guardian, const std::string& name) const;
  void post_resolve(const std::string& name);
  void post_report(AttemptReport report);
  void wake() const;
  void watch(int fd, std::uint64_t id) const;
  [[nodiscard]] ReportTrust trust(const StartAttempt& command) const;
  [[nodiscard]] std::string folder_of(const std::string& name) const;

  // Ours.
  void serve();
  void make_first_guardian();
  [[nodiscard]] int wait_ms();
  void on_posted();
  void on_guardian(const local::GuardianRef& guardian);
  void on_message(const local::GuardianRef& guardian, const local::Message& message);
  void on_refused(const std::string& name, const std::string& number);
  void on_guardian_end(const local::GuardianRef& guardian);
  void on_watched_end(std::uint64_t id);
  void on_time();
  void force(const std::string& name);
  void resolve(const std::string& name, bool watched);
  void resolve_absent(const std::string& name);
  void resolve_alive(const std::string& name, local::FolderLook look);
  void resolve_gone(const std::string& name, const local::FolderLook& look, bool watched);
  void make_idle(const local::GuardianRef& guardian);
  void started(const std::string& name);
  void finish(const std::string& name, Outcome outcome);
  void finish(const std::string& name, const local::ExitRecord& record);

  const StateLayout layout_;
  const LocalSettings settings_;
  const std::map<std::string, Preparer*> preparers_;
  const Clock& clock_;
  const ReportSink sink_;
  const std::string boot_;
  const Result<std::uint64_t> fence_;  ///< raised before anything is looked at
  local::ForkLink link_;
  const local::Fd epoll_;
  const local::Fd wake_;
  std::atomic<bool> stopping_ = false;

  std::mutex mutex_;  ///< guards what follows; no I/O under it
  std::map<std::string, local::Entry> entries_;
  std::map<std::uint64_t, local::GuardianRef> guardians_;
  std::vector<local::GuardianRef> idle_;
  std::map<std::uint64_t, std::string> watched_;  ///< pidfds of adopted guardians
  std::vector<std::string> to_resolve_;
  std::vector<AttemptReport> to_report_;
  std::uint64_t next_id_ = local::kWakeId + 1;

  std::thread thread_;  ///< last: uses all the others
};

}  // namespace cordyna
