/// Follows a run at a server and gives what happens to a view, over broken connections and restarts
/// of the server.
///
/// A stream that broke off is taken up where it was: no update is missing or comes twice. Threads:
/// starts one, which waits for the server and calls View::give; all else from one.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "cli/view.hpp"
#include "cli/wake_fd.hpp"
#include "client/api_client.hpp"

namespace cordyna::cli {

class RemoteFollow {
 public:
  /// How long a server that went away is waited for before the follower gives up.
  static constexpr Millis kPatience = 5 * 60'000;

  /// For people: that the connection is lost. Called on the follower's thread.
  using Say = std::function<void(std::string)>;

  /// Borrows the view. `after`: what the view has already.
  RemoteFollow(client::ApiClient client, RunNo run, std::int64_t after, View& view, Say say);
  /// Ends it; at once, whatever it waits for.
  ~RemoteFollow();
  RemoteFollow(const RemoteFollow&) = delete;
  RemoteFollow& operator=(const RemoteFollow&) = delete;

  /// For poll; readable from the end on.
  [[nodiscard]] int fd() const { return ended_.get(); }
  /// Only after the end: whether the run came to rest. Errors: why it cannot be followed.
  [[nodiscard]] const Result<>& result() const { return result_; }

 private:
  void loop();
  /// One connection. True: the run came to rest.
  bool take(const client::Event& event);

  client::ApiClient client_;
  RunNo run_;
  std::int64_t after_;
  View& view_;
  Say say_;
  WakeFd stop_;
  WakeFd ended_;
  bool opened_ = false;  // by the attempt that goes on
  bool heard_ = false;
  bool rests_ = false;
  Result<> result_;
  std::thread thread_;
};

}  // namespace cordyna::cli
