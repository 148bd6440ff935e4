/// A child process, run to its end, with its output caught.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "pg/wake.hpp"

namespace cordyna::data {

struct ChildSpec {
  std::vector<std::string> argv;                         ///< argv[0]: absolute
  std::vector<std::pair<std::string, std::string>> env;  ///< all of it
  std::string folder;
  std::uint64_t data_bytes_max = 0;  ///< RLIMIT_DATA; 0: no limit
};

struct ChildEnd {
  int exit_code = -1;  ///< -1: ended by `signal`
  int signal = 0;
  bool cancelled = false;  ///< somebody asked us to end, so the child was killed
  std::string out;         ///< at most kChildBytesMax of it; the rest is dropped
  std::string err;
  std::uint64_t memory_peak_bytes = 0;  ///< the most that it held resident
};

inline constexpr std::size_t kChildBytesMax = std::size_t{64} << 20;

/// Holds SIGTERM, SIGINT and SIGHUP back while it lives, so that run_child and asked_to_end see
/// them, and what was staged can be removed. Threads: one, which must not start others meanwhile.
class EndSignals final : public Wake {
 public:
  EndSignals();
  ~EndSignals() override;

  /// Readable when we were asked to end; -1: none could be made.
  [[nodiscard]] int descriptor() const override { return fd_; }
  /// Takes the signal off, so that it does not end us once it is let through again.
  [[nodiscard]] bool asked_to_end() const override;

 private:
  int fd_ = -1;
  mutable bool asked_ = false;
};

/// The child gets /dev/null as input, no other open file of ours, default signals, and is killed
/// when this process dies. Errors: kUnavailable: it could not be started, with the cause.
[[nodiscard]] Result<ChildEnd> run_child(const ChildSpec& spec, const EndSignals& signals);

}  // namespace cordyna::data
