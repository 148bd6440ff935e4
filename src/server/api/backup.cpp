// A copy of the state, for who may do everything: it holds all that the server knows but secrets.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "server/api/routes.hpp"

namespace cordyna::server {
namespace {

constexpr std::size_t kPieceBytes = 65536;

/// A file that has no name any more, and goes when it is sent, or nobody wants it.
class FileSource final : public BodySource {
 public:
  explicit FileSource(int fd) : fd_(fd) {}
  ~FileSource() override { ::close(fd_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  void on_wake(std::function<void()> /*wake*/) override {}

  Pulled pull(std::string& out) override {
    const std::size_t before = out.size();
    out.resize(before + kPieceBytes);
    const ssize_t size = ::read(fd_, out.data() + before, kPieceBytes);
    out.resize(before + static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    // What is sent short has no end that SQLite accepts: a restore refuses it.
    return size > 0 ? Pulled::kMore : Pulled::kEnd;
  }

 private:
  int fd_;
};

Result<int> make_copy(Api& api, StateCopy& made) {
  const StateLayout& layout = api.parts().layout;
  // One at a time is made, so one name is enough, and a server that was killed leaves one at most.
  const std::string file = layout.folder() + "/backup.part";
  ::unlink(file.c_str());
  TRY_ASSIGN(made, api.parts().back_up(layout, file));
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  const int error = errno;
  ::unlink(file.c_str());
  if (fd >= 0) return fd;
  return fail(ErrorCode::kUnavailable,
              fmt::format("the copy cannot be read: {}", std::strerror(error)));
}

}  // namespace

/// Made on the thread for long work; sent only once the audit knows of it.
void take_backup(Api& api, Call& call) {
  auto kept = std::make_shared<Call>(std::move(call));
  api.work([&api, kept] {
    StateCopy made;
    const auto fd = make_copy(api, made);
    if (!fd.has_value()) return kept->refuse(fd.error());
    auto source = std::make_shared<std::unique_ptr<BodySource>>(std::make_unique<FileSource>(*fd));
    AuditNote note = note_of(*kept, "backup", "", {},
                             fmt::format(R"({{"runs":{},"bytes":{}}})", made.runs, made.bytes));
    api.cerebro().ask(
        NoteRequest{}, std::move(note), [kept, source](const Result<std::int64_t>& done) {
          if (!done.has_value()) return kept->refuse(done.error());
          HttpResponse response{200, {{"Content-Type", "application/vnd.sqlite3"}}, {}};
          response.headers.push_back(
              {"Content-Disposition", "attachment; filename=\"state.backup\""});
          response.source = std::move(*source);
          kept->answer(std::move(response));
        });
  });
}

}  // namespace cordyna::server
