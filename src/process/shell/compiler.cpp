#include "process/shell/compiler.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/debian.hpp"
#include "base/text.hpp"
#include "http/digest.hpp"
#include "process/shell/tool_run.hpp"

namespace cordyna::script {
namespace {

/// Changes where the rules here do: what others made is then not found.
constexpr std::string_view kMakingRules = "cordyna program 1";
constexpr std::size_t kEssenceBytesMax = 220;
constexpr int kKilledBase = 128;

/// What a compiler finds of the attempt's environment. Not what the task itself sets in `env`: a
/// program is known by its text, and must not have a secret in it that its compiler saw.
constexpr std::array<std::string_view, 11> kCompilerVariables{
    "PATH",    "HOME",   "USER",        "LOGNAME",    "TZ",       "XDG_CACHE_HOME",
    "GOCACHE", "GOROOT", "RUSTUP_HOME", "CARGO_HOME", "JAVA_HOME"};

std::string real_path(const std::string& path) {
  std::array<char, PATH_MAX> found{};
  return ::realpath(path.c_str(), found.data()) == nullptr ? path : std::string(found.data());
}

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

/// `temporary`: where the compiler's own files go, so that none is left over.
std::vector<std::string> compiler_environment(const std::string& programs,
                                              const std::string& temporary) {
  // Messages that we can read, and texts in UTF-8.
  std::vector<std::string> out{"LC_ALL=C.UTF-8", "GOWORK=off", "GOTOOLCHAIN=local", "GOPROXY=off",
                               "GOFLAGS="};
  if (!temporary.empty()) out.push_back("TMPDIR=" + temporary);
  bool has_go_cache = false;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    if (std::ranges::find(kCompilerVariables, name) == kCompilerVariables.end()) continue;
    has_go_cache = has_go_cache || name == "HOME" || name == "GOCACHE" || name == "XDG_CACHE_HOME";
    out.emplace_back(text);
  }
  if (!has_go_cache) out.push_back("GOCACHE=" + programs + "/go-build");
  return out;
}

/// Java says its version slowly; that of a JDK stands in a file.
std::string version_of_jdk(const std::string& real) {
  std::ifstream file(folder_of(folder_of(real)) + "/release");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<std::string> version_of(const ScriptStep& step, const std::string& path,
                               const std::vector<std::string>& command) {
  ToolCall call{command, compiler_environment(step.programs, ""), "/", false, -1};
  if (step.language == "java") {
    std::string release = version_of_jdk(real_path(path));
    if (!release.empty()) return release;
    call.argv = {path, "-version"};
  } else if (step.language == "go") {
    call.argv = {path, "version"};
  } else {
    call.argv.emplace_back("--version");
  }
  TRY_ASSIGN(ToolEnd end, run_tool(call));
  // Some have no such option: then it is known by its file alone.
  return end.exit_code == 0 ? std::move(end.output) : std::string();
}

std::string file_identity(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return path;
  return fmt::format("{} {} {}.{}", path, status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec);
}

Result<> write_source(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (file) return {};
  return fail(ErrorCode::kUnavailable, fmt::format("{}: {}", path, std::strerror(errno)));
}

/// "1.19" of "go version go1.19.8 linux/amd64"; "": it does not say.
std::string go_language(std::string_view version) {
  const std::size_t at = version.find("go1.");
  if (at == std::string_view::npos) return {};
  const std::string_view from = version.substr(at + 2);
  const std::size_t end = from.find_first_not_of("0123456789", 2);
  return std::string(from.substr(0, end));
}

std::vector<std::string> arguments_of(const ScriptStep& step, const Compiler& compiler) {
  std::vector<std::string> out = compiler.command;
  const auto add_options = [&] {
    out.insert(out.end(), compiler.options.begin(), compiler.options.end());
  };
  const std::string program = fmt::format("../{}", kProgramFile);
  if (step.language == "c") {
    // A library wants to stand behind what needs it.
    out.push_back(step.name);
    add_options();
    out.insert(out.end(), {"-o", program});
  } else if (step.language == "java") {
    out.insert(out.end(), {"-encoding", "UTF-8"});
    add_options();
    out.insert(out.end(), {"-d", fmt::format("../{}", kClassesFolder), step.name});
  } else {
    add_options();
    out.insert(out.end(), {"-o", program, step.name});
  }
  return out;
}

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin));
}

bool tells_of_an_error(std::string_view language, std::string_view line) {
  if (language == "go") return !line.starts_with('#');
  for (const std::string_view sign :
       {"error:", "error[", "undefined reference", "cannot find", "No space left"}) {
    if (line.find(sign) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

Result<Compiler> find_compiler(const ScriptStep& step) {
  const auto is_option = [](const std::string& word) { return word.starts_with('-'); };
  const std::string& named = step.compiler.front();
  const std::string path = find_tool(named);
  if (path.empty()) {
    const bool in_path = named.find('/') == std::string::npos;
    const char* folders = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): one thread
    return fail(ErrorCode::kNotFound,
                fmt::format("program '{}' {}{}", named,
                            in_path ? fmt::format("was not found in PATH ({})",
                                                  folders == nullptr ? "" : folders)
                                    : std::string("does not exist, or is not executable"),
                            debian_hint(named)));
  }
  Compiler compiler;
  const auto options = std::ranges::find_if(step.compiler, is_option);
  compiler.command.assign(step.compiler.begin(), options);
  compiler.options.assign(options, step.compiler.end());
  // It runs elsewhere than where its path was written.
  std::error_code error;
  compiler.command.front() = std::filesystem::absolute(path, error).string();
  TRY_ASSIGN(const std::string version,
             version_of(step, compiler.command.front(), compiler.command));
  compiler.identity = file_identity(compiler.command.front()) + "\n" +
                      file_identity(real_path(path)) + "\n" + version;
  compiler.version = version.substr(0, version.find('\n'));
  return compiler;
}

std::string program_key(const ScriptStep& step, const Compiler& compiler, std::string_view source) {
  http::Digest digest(http::DigestKind::kSha256);
  const auto add = [&digest](std::string_view field) {
    digest.add(fmt::format("{}:", field.size()));
    digest.add(field);
  };
  utsname machine{};
  ::uname(&machine);
  add(kMakingRules);
  add(machine.machine);
  add(step.language);
  add(step.name);
  add(step.main);
  add(compiler.identity);
  for (const std::string& word : step.compiler) add(word);
  add(source);
  return http::hex(digest.finish()).substr(0, 32);
}

Result<Compiled> compile(const ScriptStep& step, const Compiler& compiler, std::string_view source,
                         const std::string& folder, int lock) {
  const std::string sources = folder + "/source";
  const std::string temporary = folder + "/tmp";
  std::error_code error;
  for (const std::string& one : {sources, temporary}) {
    if (std::filesystem::create_directory(one, error)) continue;
    return fail(ErrorCode::kUnavailable, fmt::format("{}: {}", one, error.message()));
  }
  TRY(write_source(fmt::format("{}/{}", sources, step.name), source));
  ToolCall call{arguments_of(step, compiler), compiler_environment(step.programs, temporary),
                sources, true, lock};
  if (step.language == "go") {
    // A module of its own: or it would be one of the folder that the state lies in.
    const std::string language = go_language(compiler.version);
    TRY(write_source(sources + "/go.mod", language.empty()
                                              ? std::string("module script\n")
                                              : fmt::format("module script\n\ngo {}\n", language)));
  }
  TRY_ASSIGN(ToolEnd end, run_tool(call));
  std::filesystem::remove_all(temporary, error);
  return Compiled{end.signal != 0 ? kKilledBase + end.signal : end.exit_code,
                  std::move(end.output)};
}

Result<std::vector<std::string>> run_command(const ScriptStep& step, const Compiler& compiler,
                                             const std::string& folder) {
  if (step.language != "java") {
    return std::vector<std::string>{fmt::format("{}/{}", folder, kProgramFile)};
  }
  // Of the same JDK: an older machine does not read what a newer compiler wrote.
  std::string java = find_tool(folder_of(real_path(compiler.command.front())) + "/java");
  if (java.empty()) java = find_tool("java");
  if (java.empty()) {
    return fail(ErrorCode::kNotFound, fmt::format("program 'java' was not found beside {}, nor in "
                                                  "PATH{}",
                                                  compiler.command.front(), debian_hint("java")));
  }
  return std::vector<std::string>{std::move(java), "-cp",
                                  fmt::format("{}/{}", folder, kClassesFolder), step.main};
}

std::string essence(std::string_view language, std::string_view output) {
  std::vector<std::string> lines;
  while (!output.empty()) {
    const std::string_view line = output.substr(0, output.find('\n'));
    if (std::string text = trimmed(line); !text.empty()) lines.push_back(std::move(text));
    output.remove_prefix(std::min(line.size() + 1, output.size()));
  }
  auto at = std::ranges::find_if(
      lines, [&](const std::string& line) { return tells_of_an_error(language, line); });
  if (at == lines.end() && !lines.empty()) at = lines.end() - 1;
  if (at == lines.end()) return {};
  std::string text = *at;
  // Rust says on the next line where.
  if (at + 1 != lines.end() && (at + 1)->starts_with("-->")) text += " " + *(at + 1);
  text = printable(text);
  if (text.size() <= kEssenceBytesMax) return text;
  std::size_t end = kEssenceBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

}  // namespace cordyna::script
