/// A client of the owner: one request, then the updates of the run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/owner_protocol.hpp"
#include "cli/unix_socket.hpp"
#include "model/layout.hpp"
#include "service/update.hpp"

namespace cordyna::cli {

/// Threads: one.
class OwnerClient {
 public:
  /// Errors: kUnavailable: there is no owner, or it does not listen yet or any more.
  [[nodiscard]] static Result<OwnerClient> connect(const StateLayout& layout);

  /// Sends and waits for the answer, at most 30 s. Errors: the owner's; kUnavailable: it has gone.
  [[nodiscard]] Result<RunNo> request(const OwnerRequest& request);

  /// What has come; empty: nothing now. Call it once after request(), before the first poll: some
  /// may have come with the answer. Errors: kUnavailable: the owner has gone; kCorrupt.
  [[nodiscard]] Result<std::vector<Update>> read();

  /// For poll: readable when read() has something.
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  explicit OwnerClient(Fd fd) : fd_(std::move(fd)) {}

  Result<> receive();
  std::optional<std::string_view> next_line();

  Fd fd_;
  std::string in_;
  std::size_t used_ = 0;  // of in_
};

}  // namespace cordyna::cli
