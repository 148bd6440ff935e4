#include "cli/temporary_side.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace cordyna::cli {
namespace {

namespace fs = std::filesystem;

/// A socket's path has 107 bytes at most.
constexpr std::size_t kFolderMax = 60;

std::string temporary_root() {
  const char* named = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  const std::string root = named == nullptr || *named == '\0' ? "/tmp" : named;
  return root.size() > kFolderMax || !root.starts_with('/') ? "/tmp" : root;
}

Result<> write_private(const std::string& path, const std::string& text) {
  const mode_t before = ::umask(077);
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  ::umask(before);
  if (file) return {};
  return fail(ErrorCode::kUnavailable, fmt::format("{} cannot be written", path));
}

/// Lines of the state's plain file of secrets.
std::string secret_lines(const flow::FlowCase& test) {
  std::string out;
  for (const auto& [name, value] : test.secrets) {
    out += name + "=\"";
    for (const char c : value) {
      switch (c) {
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        default: out += c;
      }
    }
    out += "\"\n";
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<flowtest::RealSide>> TemporarySide::open(const Parts& parts,
                                                                const flow::FlowCase& test) {
  std::string pattern = temporary_root() + "/dyna-test-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("a temporary folder {} cannot be made: {}", pattern,
                            std::generic_category().message(errno)));
  }
  std::unique_ptr<TemporarySide> side(new TemporarySide(parts, pattern));
  std::error_code error;
  for (const char* folder : {"/state", "/rows"}) fs::create_directory(pattern + folder, error);
  if (error) return fail(ErrorCode::kUnavailable, pattern + ": " + error.message());
  if (!test.secrets.empty()) {
    TRY(write_private(side->layout_.plain_secrets(), secret_lines(test)));
  }
  TRY_ASSIGN(side->store_, parts.open_store(side->layout_, [] {}));
  return std::unique_ptr<flowtest::RealSide>(std::move(side));
}

TemporarySide::~TemporarySide() {
  process_.reset();
  store_.reset();
  // Guardians that are just going may still write; what they left goes with the second try.
  std::error_code error;
  fs::remove_all(folder_, error);
  if (error) fs::remove_all(folder_, error);
}

Executor& TemporarySide::process(ReportSink sink) {
  if (process_ == nullptr) process_ = parts_.make_process(layout_, std::move(sink));
  return *process_;
}

Result<std::string> TemporarySide::write_rows(const std::string& name,
                                              const std::vector<std::string>& rows) {
  std::string path = fmt::format("{}/rows/{}.jsonl", folder_, name);
  std::string text;
  for (const std::string& row : rows) text += row + "\n";
  TRY(write_private(path, text));
  return path;
}

Result<std::vector<std::string>> TemporarySide::read_rows(const std::string& data) {
  return parts_.read_rows(data, folder_ + "/rows");
}

}  // namespace cordyna::cli
