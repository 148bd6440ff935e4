#include "cordyna/file.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <utility>

#include "base/text.hpp"
#include "input/file/file_reading.hpp"
#include "input/file/names.hpp"

namespace cordyna {
namespace input {
namespace {

using FileMs = std::chrono::milliseconds;

template <class Clock>
Millis millis_of() {
  return std::chrono::duration_cast<FileMs>(Clock::now().time_since_epoch()).count();
}

/// Readable once a stop is requested.
class StopBell {
 public:
  explicit StopBell(const std::stop_token& stop)
      : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), ring_(stop, [this] {
          const std::uint64_t one = 1;
          [[maybe_unused]] const auto written = ::write(fd_.get(), &one, sizeof one);
        }) {}

  [[nodiscard]] int descriptor() const { return fd_.get(); }

 private:
  Descriptor fd_;
  std::stop_callback<std::function<void()>> ring_;
};

/// Until something is heard, it is time, or a stop is requested.
void wait_for(const StopBell& bell, int heard, Millis until) {
  std::array<pollfd, 2> all{pollfd{bell.descriptor(), POLLIN, 0}, pollfd{heard, POLLIN, 0}};
  const Millis left = until - millis_of<std::chrono::steady_clock>();
  const auto most = static_cast<Millis>(std::numeric_limits<int>::max());
  ::poll(all.data(), all.size(), static_cast<int>(std::clamp<Millis>(left + 1, 0, most)));
}

class FileInput final : public Input {
 public:
  FileInput(std::string id, FileOptions options)
      : Input(std::move(id), options.operations), options_(std::move(options)) {}

  Result<> handle(std::stop_token stop, EventSink& sink) override {
    const auto ended = listen(stop, sink);
    if (!ended.has_value() && ended.error().code == ErrorCode::kCancelled) return {};
    return ended;
  }

 private:
  Result<> listen(const std::stop_token& stop, EventSink& sink) {
    const StopBell bell(stop);
    if (bell.descriptor() < 0) return folder_error("cannot wait for", options_.folder, errno);
    FileReading reading(options_, sink, std::make_unique<Inotify>(),
                        millis_of<std::chrono::system_clock>, stop);
    TRY(reading.begin(millis_of<std::chrono::steady_clock>()));
    while (!stop.stop_requested()) {
      TRY_ASSIGN(const Millis next, reading.step(millis_of<std::chrono::steady_clock>()));
      wait_for(bell, reading.descriptor(), next);
    }
    return {};
  }

  FileOptions options_;
};

std::unexpected<Error> refused(std::string_view id, std::string_view why) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("input '{}': {}", fit(printable(id), 60), why));
}

/// Without "." and "..", and no slash at its end. Empty: it is no path for this.
std::string plain_folder(const std::string& folder) {
  if (folder.empty() || folder.front() != '/' || folder.contains('\0')) return {};
  std::string plain = std::filesystem::path(folder).lexically_normal().string();
  while (plain.ends_with('/')) plain.pop_back();
  return plain;
}

Result<> check_folders(std::string_view id, FileOptions& options) {
  const std::string folder = plain_folder(options.folder);
  if (folder.empty()) {
    return refused(id, fmt::format("'folder' must be the absolute path of a folder, not '{}'",
                                   printable(options.folder)));
  }
  options.folder = folder;
  if (options.archive.empty()) return {};
  options.archive = plain_folder(options.archive);
  if (options.archive.empty())
    return refused(id, "'archive' must be the absolute path of a folder");
  if (options.archive == options.folder) {
    return refused(id, "'archive' is the folder itself, in which all would be found again");
  }
  return {};
}

Result<> check_file_options(std::string_view id, FileOptions& options) {
  TRY(check_folders(id, options));
  for (const std::string& one : options.files) TRY(check_pattern("files", one));
  for (const std::string& one : options.ignore) TRY(check_pattern("ignore", one));
  for (const Operation one : options.operations) {
    if (one == Operation::kCreate || one == Operation::kUpdate || one == Operation::kDelete) {
      continue;
    }
    return refused(id, fmt::format("the operations of files are create, update and delete; not {}",
                                   to_string(one)));
  }
  if (options.settle < FileMs(10) || options.settle > std::chrono::hours(24)) {
    return refused(id, "'settle' is 10 milliseconds to a day");
  }
  if (options.rescan < FileMs(100) || options.rescan > std::chrono::hours(24)) {
    return refused(id, "'rescan' is 100 milliseconds to a day");
  }
  if (options.max_files < 1 || options.max_files > kFilesMax) {
    return refused(id, fmt::format("'max_files' is 1 to {}", kFilesMax));
  }
  return {};
}

}  // namespace
}  // namespace input

Result<std::unique_ptr<Input>> file_input(std::string id, FileOptions options) {
  TRY(input::check_file_options(id, options));
  return std::make_unique<input::FileInput>(std::move(id), std::move(options));
}

Result<std::unique_ptr<Input>> make_file_input(const InputConfig& config) {
  FileOptions options;
  options.folder = config.connection_string;
  const std::size_t slash = options.folder.rfind('/');
  if (slash != std::string::npos &&
      options.folder.find_first_of("*?[", slash) != std::string::npos) {
    options.files = {options.folder.substr(slash + 1)};
    options.folder.resize(slash);
  }
  if (!config.operations.empty()) options.operations = config.operations;
  return file_input(config.name, std::move(options));
}

}  // namespace cordyna
