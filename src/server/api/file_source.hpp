/// A file as the body of an answer, from where its descriptor stands to its end.
#pragma once

#include <functional>
#include <string>

#include "server/http/http_server.hpp"

namespace cordyna::server {

class FileSource final : public BodySource {
 public:
  /// Takes the descriptor over.
  explicit FileSource(int fd) : fd_(fd) {}
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  Pulled pull(std::string& out) override;
  void on_wake(std::function<void()> /*wake*/) override {}

 private:
  int fd_;
};

}  // namespace cordyna::server
