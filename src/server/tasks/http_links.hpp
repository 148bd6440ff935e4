/// Task servers that speak HTTP: what they post, and the messages that they fetch.
///
/// A post is answered when all that it holds is saved; messages for a server wait until it asks.
/// Threads: any.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "server/auth/caller.hpp"
#include "server/http/http_server.hpp"
#include "server/tasks/task_servers.hpp"

namespace cordyna::server {

class HttpLinks {
 public:
  /// Borrows.
  explicit HttpLinks(TaskServers& servers) : servers_(servers) {}

  /// `text`: one message or a list, all of one server that the caller speaks for; else it is
  /// refused as a whole. Answers with a list of messages: 200: all is saved; 422: some are refused,
  /// which the list says; 202: not all is saved yet.
  void post(const Caller& caller, const std::string& address, std::string text, Respond respond);
  /// Waits for messages, so many milliseconds at most, and answers with a list of them.
  void fetch(const Caller& caller, const std::string& address, const network::ServerName& server,
             Millis wait, Respond respond);

 private:
  class Mailbox;
  struct Place {
    network::LinkNo link = 0;
    std::shared_ptr<Mailbox> mailbox;
  };

  /// Null link: there are too many.
  Place place_of(const network::ServerName& server, const std::string& address);

  TaskServers& servers_;
  std::mutex mutex_;
  std::map<network::ServerName, Place> places_;  // guarded by mutex_
};

}  // namespace cordyna::server
