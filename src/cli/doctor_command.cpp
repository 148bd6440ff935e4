// What this machine offers, and what is missing, each with what to do.
#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>
#include <vector>

#include "base/debian.hpp"
#include "base/text.hpp"
#include "cli/child.hpp"
#include "cli/commands.hpp"
#include "cli/palette.hpp"

namespace cordyna::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDuckdbVersion = "1.5.5";

struct Finding {
  std::string name;
  bool good = true;
  std::string what;
  std::string next;  // what to do about it; empty: nothing
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return value == nullptr ? "" : value;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string own_folder() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path().string();
}

fs::path installed_duckdb() {
  const std::string cache = environment("XDG_CACHE_HOME");
  const fs::path base = cache.empty() ? fs::path(environment("HOME")) / ".cache" : fs::path(cache);
  return base / "cordyna/duckdb" / kDuckdbVersion / "duckdb";
}

/// The places where data steps look, in their order.
std::optional<std::string> find_duckdb() {
  std::error_code error;
  const std::string named = environment("DYNA_DUCKDB");
  if (!named.empty()) return named;
  const fs::path beside = fs::path(own_folder()) / "../libexec/cordyna/duckdb";
  if (fs::exists(beside, error)) return beside.lexically_normal().string();
  if (fs::exists(installed_duckdb(), error)) return installed_duckdb().string();
  return std::nullopt;
}

bool is_in_path(std::string_view program) {
  std::string rest = environment("PATH");
  while (!rest.empty()) {
    const std::string folder = rest.substr(0, rest.find(':'));
    if (::access(fmt::format("{}/{}", folder, program).c_str(), X_OK) == 0) return true;
    rest.erase(0, folder.size() + 1);
  }
  return false;
}

Finding check_duckdb() {
  const auto path = find_duckdb();
  if (!path.has_value()) {
    return {"duckdb", false, "not found: load, check, merge, transform and share cannot run",
            "dyna doctor --install"};
  }
  const auto answer = run_child({*path, "--version"});
  if (!answer.has_value() || answer->exit_code != 0) {
    return {"duckdb", false, *path + " cannot be run", "dyna doctor --install"};
  }
  const std::string version = first_line(answer->output);
  const bool right = version.find(kDuckdbVersion) != std::string::npos;
  return {"duckdb", right, fmt::format("{} ({})", version, *path),
          right ? "" : fmt::format("this dyna is tested with {}", kDuckdbVersion)};
}

Finding check_python() {
  const auto answer = run_child({"python3", "--version"});
  if (!answer.has_value() || answer->exit_code != 0) {
    return {"python3", false, "not found: tasks of type python cannot run",
            "install python3 (Debian: apt-get install python3)"};
  }
  return {"python3", true, first_line(answer->output), ""};
}

/// What runs and compiles the scripts of shell tasks in other languages; only flows that have some
/// want it.
Finding check_languages() {
  std::string found;
  std::string missing;
  std::string packages;
  for (const char* program : {"Rscript", "cc", "go", "javac", "node", "rustc"}) {
    const bool there = is_in_path(program);
    (there ? found : missing) += fmt::format(" {}", program);
    if (!there) packages += fmt::format(" {}", debian_package(program));
  }
  if (missing.empty()) return {"languages", true, found.substr(1), ""};
  return {"languages", true,
          fmt::format("{}; not found:{}", found.empty() ? "none" : found.substr(1), missing),
          fmt::format("where scripts want them, apt-get install{} (Debian)", packages)};
}

/// What makes the environments of python tasks, in the order in which they look.
Finding check_uv() {
  std::error_code error;
  const fs::path beside = (fs::path(own_folder()) / "../libexec/cordyna/uv").lexically_normal();
  const std::string named = environment("DYNA_UV");
  std::vector<std::vector<std::string>> places{{"uv"}, {"python3", "-m", "uv"}};
  if (fs::exists(beside, error)) places.insert(places.begin(), {beside.string()});
  if (!named.empty()) places = {{named}};
  for (std::vector<std::string> place : places) {
    place.emplace_back("--version");
    const auto answer = run_child(place);
    if (!answer.has_value() || answer->exit_code != 0) continue;
    return {"uv", true, first_line(answer->output), ""};
  }
  if (!named.empty()) {
    return {"uv", false, fmt::format("DYNA_UV names {}, which cannot be run", named),
            "name another, or none"};
  }
  const auto pip = run_child({"python3", "-m", "pip", "--version"});
  if (pip.has_value() && pip->exit_code == 0) {
    return {"uv", true, "not found: pip installs what python tasks require, which takes longer",
            "where it matters: pip install uv, or DYNA_UV names the program"};
  }
  return {"uv", false, "neither uv nor pip: python tasks with requirements cannot run",
          "pip install uv (Debian: apt-get install python3-pip python3-venv)"};
}

/// Data steps load it when they need it; it is no part of this program.
Finding check_libpq() {
  void* library = ::dlopen("libpq.so.5", RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) {
    return {"libpq", false, "not found: load and share cannot reach PostgreSQL",
            "install libpq5 (Debian: apt-get install libpq5)"};
  }
  return {"libpq", true, "libpq.so.5", ""};
}

/// Only triggers of one type want it.
Finding check_librdkafka() {
  void* library = ::dlopen("librdkafka.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) {
    return {"librdkafka", true, "not found: triggers of type kafka cannot listen",
            "where some are wanted, install librdkafka1 (Debian: apt-get install librdkafka1)"};
  }
  return {"librdkafka", true, "librdkafka.so.1", ""};
}

std::string file_system_name(const std::string& path) {
  struct statfs found{};
  if (::statfs(path.c_str(), &found) != 0) return "unknown";
  switch (static_cast<std::uint32_t>(found.f_type)) {
    case 0xEF53: return "ext4";
    case 0x58465342: return "xfs";
    case 0x9123683E: return "btrfs";
    case 0x01021994: return "tmpfs";
    case 0x794C7630: return "overlayfs";
    case 0x2FC12FC1: return "zfs";
    case 0x6969: return "nfs";
    case 0xFF534D42:
    case 0xFE534D42: return "cifs";
    case 0x65735546: return "fuse";
    default: return fmt::format("type {:#x}", static_cast<std::uint32_t>(found.f_type));
  }
}

std::string owner_of(const StateLayout& layout) {
  std::ifstream file(layout.owner_lock());
  std::string pid;
  std::error_code error;
  if (!(file >> pid) || !fs::exists("/proc/" + pid, error)) return "nobody";
  return "process " + printable(pid);
}

Finding check_state(const CommandContext& context) {
  // Of this machine, whichever server commands go to.
  const auto layout = find_state(context.choice, working_folder().value_or("."));
  if (!layout.has_value()) {
    const bool given = !context.choice.given().empty();
    return {"state", !given, given ? layout.error().message : "none here yet",
            given ? "'dyna run FILE' makes it" : ""};
  }
  const std::string type = file_system_name(layout->folder());
  const bool network = type == "nfs" || type == "cifs";
  const bool writable = ::access(layout->folder().c_str(), W_OK) == 0;
  Finding found{"state", !network && writable,
                fmt::format("{} on {}, owned by {}", layout->folder(), type, owner_of(*layout)),
                ""};
  if (network) found.next = "put the state on a local disk: --state DIR";
  if (!writable) found.next = "not writable: run as its owner, or use --state DIR";
  return found;
}

Finding check_kernel() {
  utsname name{};
  ::uname(&name);
  const long pidfd = ::syscall(SYS_pidfd_open, ::getpid(), 0);
  if (pidfd >= 0) ::close(static_cast<int>(pidfd));
  return {"kernel", pidfd >= 0,
          fmt::format("Linux {}, pidfd {}", name.release, pidfd >= 0 ? "works" : "is missing"),
          pidfd >= 0 ? "" : "Linux 5.3 or newer is needed to watch tasks"};
}

Finding check_limits(const CommandContext& context) {
  const ResourceHold hold = context.parts.resource_hold();
  Finding found{"limits", hold.memory_grouped && hold.cpu_grouped,
                fmt::format("of a task's `resources`: memory by {}; cpu by {}; disk and time by "
                            "limits of each process",
                            hold.memory_grouped ? hold.memory : "limits of each process",
                            hold.cpu_grouped ? hold.cpu : "nothing"),
                ""};
  if (!hold.memory_grouped) found.next = "memory: " + hold.memory;
  if (!hold.cpu_grouped) {
    found.next += (found.next.empty() ? "cpu: " : "; cpu: ") + hold.cpu;
  }
  return found;
}

/// Takes the program out of its package on PyPI into the cache folder.
Result<std::string> install_duckdb() {
  const fs::path target = installed_duckdb();
  const fs::path work = target.parent_path() / fmt::format(".fetch-{}", ::getpid());
  std::error_code error;
  fs::create_directories(work, error);
  if (error) {
    return fail(ErrorCode::kUnavailable, work.string() + ": " + error.message());
  }
  const auto step = [](const std::vector<std::string>& argv) -> Result<> {
    TRY_ASSIGN(const ChildResult done, run_child(argv));
    if (done.exit_code == 0) return {};
    return fail(ErrorCode::kUnavailable, fmt::format("{} failed: {}", argv[2], done.output));
  };
  const std::string package = fmt::format("duckdb-cli=={}", kDuckdbVersion);
  Result<> done =
      step({"python3", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet",
            "--disable-pip-version-check", "-d", work.string(), package});
  for (const auto& entry : fs::directory_iterator(work, error)) {
    if (!done.has_value() || entry.path().extension() != ".whl") continue;
    done = step({"python3", "-m", "zipfile", "-e", entry.path().string(), work.string()});
  }
  if (done.has_value()) {
    const fs::path program = work / "duckdb_cli/duckdb";
    fs::permissions(program,
                    fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                        fs::perms::others_read | fs::perms::others_exec,
                    error);
    if (!error) fs::rename(program, target, error);
    if (error) done = fail(ErrorCode::kUnavailable, target.string() + ": " + error.message());
  }
  std::error_code ignored;
  fs::remove_all(work, ignored);
  TRY(done);
  return target.string();
}

std::string as_json(const std::vector<Finding>& findings) {
  std::string out = "[";
  for (const Finding& finding : findings) {
    if (&finding != findings.data()) out += ",\n ";
    out += "{\"name\":";
    append_json(out, finding.name);
    out += finding.good ? ",\"status\":\"ok\",\"found\":" : ",\"status\":\"warn\",\"found\":";
    append_json(out, finding.what);
    if (!finding.next.empty()) {
      out += ",\"next\":";
      append_json(out, finding.next);
    }
    out += '}';
  }
  out += "]\n";
  return out;
}

std::string as_text(const std::vector<Finding>& findings, const Palette& palette) {
  std::string out;
  for (const Finding& finding : findings) {
    const std::string mark = finding.good ? palette.paint(Colour::kGreen, "ok  ")
                                          : palette.paint(Colour::kYellow, "warn");
    fmt::format_to(std::back_inserter(out), "{}  {:<10}  {}\n", mark, finding.name,
                   printable(finding.what));
    if (!finding.next.empty()) {
      fmt::format_to(std::back_inserter(out), "                  → {}\n", printable(finding.next));
    }
  }
  return out;
}

}  // namespace

CommandResult doctor_command(CommandContext& context) {
  if (context.arguments.install && (!find_duckdb().has_value() || !check_duckdb().good)) {
    TRY_ASSIGN(const std::string path, install_duckdb());
    if (!context.arguments.json) context.output.write("installed " + path + "\n");
  }
  const std::vector<Finding> findings = {
      check_duckdb(),    check_libpq(),        check_librdkafka(), check_python(),       check_uv(),
      check_languages(), check_state(context), check_kernel(),     check_limits(context)};
  context.output.write(context.arguments.json
                           ? as_json(findings)
                           : as_text(findings, Palette(wants_colour(context.output))));
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
