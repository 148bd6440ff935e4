#include "kubernetes/credentials.hpp"

#include <chrono>
#include <fstream>
#include <iterator>
#include <utility>

namespace cordyna::kubernetes {
namespace {

constexpr Millis kFileFor = 60'000;
constexpr Millis kEarlier = 30'000;  // than a plugin says: clocks differ, and a request takes time
constexpr Millis kForever = Millis{365} * 86'400'000;

template <class SomeClock>
Millis now_of() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(SomeClock::now().time_since_epoch())
      .count();
}
Millis steady() {
  return now_of<std::chrono::steady_clock>();
}

Result<std::string> token_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string token(std::istreambuf_iterator<char>(file), {});
  while (token.ends_with('\n') || token.ends_with('\r') || token.ends_with(' ')) token.pop_back();
  if (!token.empty()) return token;
  return fail(ErrorCode::kNotFound, "the token's file " + path + " is empty or cannot be read");
}

}  // namespace

Result<Shown> Credentials::fetch(int cancel_fd, Millis& until) const {
  const Identity& who = access_.identity;
  Shown shown{who.token, who.certificate, who.key};
  until = steady() + kForever;
  if (!shown.token.empty()) return shown;
  if (!who.token_file.empty()) {
    TRY_ASSIGN(shown.token, token_of(who.token_file));
    until = steady() + kFileFor;
    return shown;
  }
  if (!who.plugin.has_value()) return shown;
  TRY_ASSIGN(Credential found, ask_plugin(access_, cancel_fd));
  shown.token = std::move(found.token);
  if (!found.certificate.empty()) {
    shown.certificate = std::move(found.certificate);
    shown.key = std::move(found.key);
  }
  if (found.expires > 0) {
    until = steady() + found.expires - now_of<std::chrono::system_clock>() - kEarlier;
  }
  return shown;
}

Result<Shown> Credentials::shown(int cancel_fd) {
  {
    std::unique_lock lock(mutex_);
    // One asks, the others wait: a plugin may open a browser, or take seconds.
    free_.wait(lock, [this] { return !fetching_; });
    if (until_ > steady()) return shown_;
    fetching_ = true;
  }
  Millis until = 0;
  Result<Shown> found = fetch(cancel_fd, until);
  const std::lock_guard lock(mutex_);
  fetching_ = false;
  free_.notify_all();
  if (!found.has_value()) return found;
  found->number = shown_.number + 1;
  if (until_ != 0 && found->token == shown_.token && found->certificate == shown_.certificate) {
    found->number = shown_.number;
  }
  shown_ = *found;
  // What is given as expired is shown once all the same: its clock may be wrong, not ours.
  until_ = std::max(until, steady() + 1);
  return found;
}

bool Credentials::refused(std::uint64_t number) {
  const Identity& who = access_.identity;
  const std::lock_guard lock(mutex_);
  if (shown_.number == number) until_ = std::min(until_, Millis{1});
  return who.token.empty() && (!who.token_file.empty() || who.plugin.has_value());
}

}  // namespace cordyna::kubernetes
