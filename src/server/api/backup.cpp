// A copy of the state, for who may do everything: it holds all that the server knows but secrets.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "server/api/file_source.hpp"
#include "server/api/routes.hpp"

namespace cordyna::server {
namespace {

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
    // It has no name any more. One that is sent short has no end that a restore accepts.
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
