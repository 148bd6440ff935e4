/// What goes along with each request of a cluster: a token, a certificate.
///
/// A token's file is read anew each minute, and a plugin is asked again when what it gave expires,
/// and both when the cluster does not take it any more. Threads: any.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "kubernetes/access.hpp"
#include "kubernetes/plugin.hpp"

namespace cordyna::kubernetes {

/// Who we are, as a request shows it.
struct Shown {
  std::string token;
  std::string certificate;   ///< PEM
  std::string key;           ///< PEM
  std::uint64_t number = 0;  ///< another one: a connection that was made before shows another one
};

class Credentials {
 public:
  explicit Credentials(Access access) : access_(std::move(access)) {}

  [[nodiscard]] const Access& access() const { return access_; }
  /// Waits where a plugin is being asked. Errors: those of `ask_plugin`; kNotFound: the token's
  /// file.
  [[nodiscard]] Result<Shown> shown(int cancel_fd);
  /// The cluster did not take what `number` showed (401): it is asked for anew. False: there is no
  /// other way to get one than what was shown.
  bool refused(std::uint64_t number);

 private:
  [[nodiscard]] Result<Shown> fetch(int cancel_fd, Millis& until) const;

  const Access access_;
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable free_;
  bool fetching_ = false;
  Shown shown_;
  Millis until_ = 0;  ///< steady; 0: nothing was fetched
};

}  // namespace cordyna::kubernetes
