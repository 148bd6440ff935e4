/// The answer of a web service as outputs of a task.
///
/// Threads: one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/exchange.hpp"
#include "process/http/step_file.hpp"

namespace cordyna::web {

/// Of a body that becomes an artifact.
inline constexpr const char* kBodyFile = "body";

/// Keeps a body in memory as long as it could be an output, and moves it to a file once it cannot.
class AnswerBody final : public http::BodyTaker {
 public:
  /// `folder`: of artifacts; it is there.
  AnswerBody(std::string folder, std::uint64_t bytes_max)
      : path_(std::move(folder) + "/" + kBodyFile), bytes_max_(bytes_max) {}
  ~AnswerBody() override;

  /// Errors: kInvalidArgument: larger than `bytes_max`.
  Result<> begin(const http::Response& head) override;
  /// Errors: as `begin`; kNoSpace, kUnavailable: the file cannot be written.
  Result<> take(std::string_view piece) override;

  /// Everything is there. Errors: as `take`.
  Result<> end();
  /// Moves it to the file, if it is not there yet. Errors: as `take`.
  Result<> to_file();

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] bool in_file() const { return fd_ >= 0 || closed_; }
  [[nodiscard]] const std::string& text() const { return text_; }  ///< where it is in no file
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  [[nodiscard]] Result<> check_size(std::uint64_t bytes) const;
  Result<> write_file(std::string_view bytes);

  std::string path_;
  std::uint64_t bytes_max_;
  std::uint64_t bytes_ = 0;
  std::string text_;
  int fd_ = -1;
  bool closed_ = false;
};

struct AnswerOutputs {
  std::string json;  ///< an object: status, headers, and one of json, body, body_file
  std::string said;  ///< why the body is a file, or no JSON: for the log; empty: nothing to say
};

/// Secrets that the answer repeats are "***", but for those in a file. Errors: those of `to_file`;
/// kInvalidArgument: its headers alone are too large for outputs.
[[nodiscard]] Result<AnswerOutputs> outputs_of(const http::Response& response, AnswerBody& body,
                                               const StepSecrets& secrets);

}  // namespace cordyna::web
