/// The owner's side of owner.sock: further `dyna` commands submit, resume, cancel and follow here.
///
/// One thread of its own, which polls. Each client costs a bounded amount of memory: the updates it
/// follows are read from the store when it has taken those before, so a slow one slows nobody.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "cli/owner_protocol.hpp"
#include "cli/unix_socket.hpp"
#include "model/layout.hpp"
#include "service/update.hpp"

namespace cordyna::cli {

/// What the owner does for its clients. Threads: the server's.
class OwnerService {
 public:
  virtual ~OwnerService() = default;
  /// `follow` answers with the run's number; the others do what they say first.
  virtual Result<RunNo> handle(const OwnerRequest& request) = 0;
  /// The history of a run after a number, in order, at most `limit`.
  virtual Result<std::vector<Update>> history(RunNo run, std::int64_t after,
                                              std::uint32_t limit) = 0;
};

class OwnerServer {
 public:
  /// `service` must outlive the server. Errors: kUnavailable.
  [[nodiscard]] static Result<std::unique_ptr<OwnerServer>> start(const StateLayout& layout,
                                                                  OwnerService& service);
  /// Closes all connections and removes the socket.
  ~OwnerServer();
  OwnerServer(const OwnerServer&) = delete;
  OwnerServer& operator=(const OwnerServer&) = delete;

  /// Something was committed. Cheap when nobody follows. Threads: any.
  void changed();

 private:
  struct Client {
    Fd fd;
    std::string in;
    std::string out;
    RunNo run = 0;  // 0: follows none
    std::int64_t after = 0;
    bool answered = false;
    bool behind = false;   // there may be more to read for it
    bool closing = false;  // once `out` is written
  };

  OwnerServer(Fd listener, std::string path, OwnerService& service);

  void loop();
  void admit();
  bool receive(Client& client);
  void answer(Client& client, std::string_view line);
  void fill(Client& client);
  static bool send(Client& client);

  Fd listener_;
  Fd wake_;
  std::string path_;
  OwnerService& service_;
  std::vector<Client> clients_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> followed_ = false;
  std::atomic<bool> changed_ = false;
  std::thread thread_;
};

}  // namespace cordyna::cli
