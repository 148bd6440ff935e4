#include "process/local/guardian.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/wipe.hpp"
#include "model/layout.hpp"
#include "process/local/attempt_folder.hpp"
#include "process/local/attempt_run.hpp"
#include "process/local/ended_list.hpp"
#include "process/local/exit_record.hpp"
#include "process/local/fence.hpp"
#include "process/local/files.hpp"
#include "process/local/proc.hpp"
#include "process/local/protocol.hpp"

namespace cordyna::local {
namespace {

class GuardianProcess {
 public:
  GuardianProcess(GuardianPost post, const ProcessId& id)
      : post_(std::move(post)),
        text_(guardian_text(id, post_.boot)),
        fence_(open_fence(post_.state)) {}

  /// Serves its owner until one of them has reason to stop.
  void serve() {
    take_messages();
    drop_next();
  }

 private:
  void take_messages() {
    AttemptFolder none;
    prepare_next(none);
    while (post_.owner.valid()) {
      std::array<pollfd, 2> fds{{{post_.owner.get(), POLLIN, 0}, {post_.signals, POLLIN, 0}}};
      if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
      if (fds[1].revents != 0) {
        if (take_signals(post_.signals)) return;
        while (waitpid(-1, nullptr, WNOHANG) > 0) {
        }
      }
      if (fds[0].revents != 0 && !take_message()) return;
    }
  }

  /// False: this guardian is done.
  bool take_message() {
    std::string bytes;
    Fd passed;
    switch (receive_message(post_.owner.get(), bytes, passed)) {
      case Received::kNothing: return true;
      case Received::kEnd: return false;
      case Received::kMessage: break;
    }
    if (!bytes.empty() && bytes[0] == 'M') {
      auto large = read_memfd(passed.get());
      if (!large.has_value()) return false;
      bytes = *std::move(large);
    }
    // A cancel can cross the end of its attempt on the way.
    if (bytes.empty() || bytes[0] != 'S') return true;
    auto order = decode_order(bytes);
    wipe_secret(bytes);
    if (!order.has_value()) return false;
    const bool go_on = carry_out(*order);
    for (std::string& text : order->env) wipe_secret(text);
    for (std::string& text : order->masks) wipe_secret(text);
    return go_on;
  }

  bool carry_out(const StartOrder& order) {
    AttemptFolder none;
    int error = next_.valid() ? 0 : make_next_folder(post_.state, text_, next_, none);
    if (error == 0 && !fence_.valid()) {
      fence_ = open_fence(post_.state);
      error = fence_.valid() ? 0 : errno;
    }
    if (error == 0) {
      error = begin_attempt(post_.state, order.name, order.files, next_, fence_, order.fence);
    }
    if (error == EEXIST) return tell({'X', order.name, {}});
    if (error == ESTALE) return false;  // another owner took over; this one is not heard any more
    if (error != 0) {
      // Whatever is wrong with the folder: the next attempt gets another one.
      drop_next();
      return tell({'F', order.name, std::to_string(error)});
    }
    AttemptFolder place = std::exchange(next_, {});
    AttemptRun attempt(post_, order, place.folder.get(), std::exchange(pipes_, {}));
    ExitRecord record = attempt.run();
    return end(order.name, place, record, attempt.was_signalled());
  }

  /// False: that was the guardian's last attempt.
  bool end(const std::string& name, AttemptFolder& place, ExitRecord& record, bool last) {
    // Before the record: when that is there, nothing of the attempt is left to do.
    bool nothing = left_nothing(place);
    if (!nothing) {
      empty_folder(place.folder.get(), attempt_file::kWork);
      nothing = left_nothing(place);
    }
    record.left_nothing = nothing;
    const bool listed = !last && nothing && append_ended(post_.state, name, record) == 0;
    if (listed && tell({'E', name, encode(record)})) {
      next_ = std::move(place);
      prepare_pipes();
      return true;
    }
    if (const int failed = end_attempt(place, record); failed != 0) {
      record.disk_error = "its end cannot be written: " + errno_text(failed);
      record.disk_full = is_no_space(failed);
    }
    place.lock.reset();
    if (!tell({'E', name, encode(record)}) || last) {
      unlinkat(place.folder.get(), attempt_file::kWork, AT_REMOVEDIR);
      return false;
    }
    prepare_next(place);
    return true;
  }

  /// While the owner decides what comes next. Failing is fine: it is tried again when it is needed.
  void prepare_next(AttemptFolder& before) {
    if (make_next_folder(post_.state, text_, next_, before) != 0) next_ = {};
    prepare_pipes();
  }

  void prepare_pipes() {
    if (make_pipes(pipes_) != 0) pipes_ = {};
  }

  void drop_next() {
    if (next_.valid()) remove_tree(post_.state, std::exchange(next_, {}).path.c_str());
  }

  bool tell(const Message& message) {
    return post_.owner.valid() && send_message(post_.owner.get(), encode(message)) == 0;
  }

  GuardianPost post_;
  std::string text_;
  Fd fence_;
  AttemptFolder next_;
  OutputPipes pipes_;
};

}  // namespace

void run_guardian(GuardianPost post) {
  setsid();
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_DUMPABLE, 0);  // no core file, no debugger: orders hold secrets
  prctl(PR_SET_NAME, "dyna-guardian");
  const auto self = process_info(getpid());
  if (!self.has_value()) _exit(1);
  post.self = self->id;
  GuardianProcess(std::move(post), self->id).serve();
  _exit(0);
}

}  // namespace cordyna::local
