#include "process/local/cgroup.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "process/local/dir_ptr.hpp"
#include "process/local/files.hpp"

namespace cordyna::local {
namespace {

constexpr std::string_view kPrefix = "cordyna-";
constexpr std::uint64_t kPeriodMicros = 100'000;
constexpr std::uint64_t kQuotaLeast = 1'000;  // the kernel takes no less
constexpr int kRemoveTries = 50;

std::string_view cut(std::string_view& text, char at) {
  const std::size_t end = std::min(text.find(at), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(text.size(), end + 1));
  return word;
}

bool has_word(std::string_view list, std::string_view word, char between) {
  while (!list.empty()) {
    if (cut(list, between) == word) return true;
  }
  return false;
}

std::string read_text(const std::string& path) {
  std::string text = read_proc_file(path.c_str());
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// The number behind `key` in lines "key number".
std::uint64_t field_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    std::string_view line = cut(text, '\n');
    if (cut(line, ' ') == key) return number_of(line);
  }
  return 0;
}

/// 0 or errno. Never makes a file: a folder that is no control group has none.
int write_text(const std::string& path, std::string_view text) {
  const Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid()) return errno;
  return write(file.get(), text.data(), text.size()) < 0 ? errno : 0;
}

bool may_write(const std::string& path) {
  return access(path.c_str(), W_OK) == 0;
}

/// mountinfo writes blanks and such as \040.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool octal = text[i] == '\\' && i + 3 < text.size();
    if (octal) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                               (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// Where a hierarchy can be seen.
struct Mount {
  std::string root;  ///< the group that is seen there
  std::string point;
};

/// `controller` empty: version 2.
std::optional<Mount> find_mount(std::string_view mountinfo, std::string_view controller) {
  while (!mountinfo.empty()) {
    std::string_view line = cut(mountinfo, '\n');
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    std::string_view rest = line.substr(dash + 3);
    const std::string_view type = cut(rest, ' ');
    cut(rest, ' ');
    const bool fits = controller.empty() ? type == "cgroup2"
                                         : type == "cgroup" && has_word(rest, controller, ',');
    if (!fits) continue;
    for (int i = 0; i < 3; ++i) cut(line, ' ');
    Mount mount;
    mount.root = unescape(cut(line, ' '));
    mount.point = unescape(cut(line, ' '));
    return mount;
  }
  return std::nullopt;
}

/// Our own group in the hierarchy of `controller`; nullopt: it has none there.
std::optional<std::string> own_group(std::string_view cgroups, std::string_view controller) {
  while (!cgroups.empty()) {
    std::string_view line = cut(cgroups, '\n');
    cut(line, ':');
    const std::string_view list = cut(line, ':');
    const bool fits = controller.empty() ? list.empty() : has_word(list, controller, ',');
    if (fits) return std::string(line);
  }
  return std::nullopt;
}

/// The group's path below the mount: empty for what is mounted, and for what lies outside of it.
std::string below(const Mount& mount, std::string_view group) {
  if (mount.root != "/" && !group.starts_with(mount.root)) return {};
  if (mount.root != "/") group.remove_prefix(mount.root.size());
  if (group == "/" || group.starts_with("/..")) return {};
  return std::string(group);
}

GroupPlace nowhere(std::string why) {
  return {GroupVersion::kNone, {}, std::move(why)};
}

/// Nullopt: the controller does not belong to version 1.
std::optional<GroupPlace> find_v1(const std::string& root, std::string_view cgroups,
                                  std::string_view mountinfo, std::string_view controller) {
  const auto group = own_group(cgroups, controller);
  if (!group.has_value()) return std::nullopt;
  const auto mount = find_mount(mountinfo, controller);
  if (!mount.has_value()) {
    return nowhere("the cgroup v1 controller " + std::string(controller) + " is not mounted");
  }
  const std::string folder = root + mount->point + below(*mount, *group);
  if (!may_write(folder)) return nowhere("'" + folder + "' is not writable");
  return GroupPlace{GroupVersion::kV1, folder, {}};
}

bool gives(const std::string& folder, std::string_view controller) {
  const std::string path = folder + "/cgroup.subtree_control";
  if (has_word(read_text(path), controller, ' ')) return true;
  // Only a group without processes, or the topmost one, may hand a controller on.
  if (!has_word(read_text(folder + "/cgroup.controllers"), controller, ' ')) return false;
  return write_text(path, "+" + std::string(controller)) == 0 &&
         has_word(read_text(path), controller, ' ');
}

/// From our own group upwards: the first that hands the controllers on. Ours cannot, since we are
/// in it, unless it is the topmost.
void find_v2(const std::string& root, std::string_view cgroups, std::string_view mountinfo,
             GroupPlaces& places, bool memory, bool cpu) {
  const auto refuse = [&](const std::string& why) {
    if (memory) places.memory = nowhere(why);
    if (cpu) places.cpu = nowhere(why);
  };
  const auto group = own_group(cgroups, {});
  const auto mount = find_mount(mountinfo, {});
  if (!group.has_value() || !mount.has_value()) return refuse("no control groups are mounted");
  const std::string top = root + mount->point;
  refuse(
      "no group above this process that it may write to has the controller; `systemd-run "
      "--user --scope` or root's rights help");
  std::string folder = top + below(*mount, *group);
  while (true) {
    const bool writable = may_write(folder) && may_write(folder + "/cgroup.procs");
    const bool has_memory = writable && memory && gives(folder, "memory");
    const bool has_cpu = writable && cpu && gives(folder, "cpu");
    if (has_memory) places.memory = {GroupVersion::kV2, folder, {}};
    if (has_cpu) places.cpu = {GroupVersion::kV2, folder, {}};
    // A process is in one group of version 2 only.
    if (has_memory || has_cpu || folder.size() <= top.size()) return;
    folder.resize(folder.rfind('/'));
  }
}

std::string pid_namespace() {
  struct stat found{};
  if (stat("/proc/self/ns/pid", &found) != 0) return "0";
  return std::to_string(found.st_ino);
}

/// The guardian that a group's name tells; nullopt: not ours to judge.
std::optional<ProcessId> guardian_of(std::string_view name, std::string_view space) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  if (cut(name, '-') != space) return std::nullopt;
  ProcessId id;
  id.pid = static_cast<pid_t>(number_of(cut(name, '-')));
  id.start = number_of(cut(name, '-'));
  if (id.pid <= 0 || id.start == 0 || name.empty()) return std::nullopt;
  return id;
}

void kill_group(const std::string& folder) {
  if (write_text(folder + "/cgroup.kill", "1") == 0) return;
  std::string_view list;
  const std::string text = read_text(folder + "/cgroup.procs");
  list = text;
  std::vector<std::pair<std::string, Fd>> found;
  while (!list.empty()) {
    const std::string_view word = cut(list, '\n');
    const auto pid = static_cast<pid_t>(number_of(word));
    if (pid > 0) found.emplace_back(word, Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))));
  }
  // The number was opened first and is looked up again: it may have changed hands between.
  const std::string again = read_text(folder + "/cgroup.procs");
  for (const auto& [word, process] : found) {
    if (has_word(again, word, '\n')) signal_process(process, SIGKILL);
  }
}

/// What was killed leaves the group a moment later.
void remove_group(const std::string& folder) {
  for (int i = 0; i < kRemoveTries; ++i) {
    if (rmdir(folder.c_str()) == 0 || errno != EBUSY) return;
    kill_group(folder);
    poll(nullptr, 0, 1 + i / 10);
  }
}

int bound_memory(const std::string& folder, GroupVersion version, std::uint64_t bytes) {
  const std::string limit = std::to_string(bytes);
  if (version == GroupVersion::kV1) {
    const int error = write_text(folder + "/memory.limit_in_bytes", limit);
    // Where swap is not counted there is no such file; then it is kept small by the other one.
    if (write_text(folder + "/memory.memsw.limit_in_bytes", limit) != 0) {
      (void)write_text(folder + "/memory.swappiness", "0");
    }
    return error;
  }
  const int error = write_text(folder + "/memory.max", limit);
  (void)write_text(folder + "/memory.swap.max", "0");
  (void)write_text(folder + "/memory.oom.group", "1");
  return error;
}

int bound_cpu(const std::string& folder, GroupVersion version, std::uint64_t millis) {
  const std::string quota = std::to_string(std::max(kQuotaLeast, millis * kPeriodMicros / 1000));
  const std::string period = std::to_string(kPeriodMicros);
  if (version == GroupVersion::kV2) return write_text(folder + "/cpu.max", quota + " " + period);
  const int error = write_text(folder + "/cpu.cfs_period_us", period);
  return error != 0 ? error : write_text(folder + "/cpu.cfs_quota_us", quota);
}

std::string describe(const GroupPlace& place, bool works, const std::string& problem) {
  if (works) return place.version == GroupVersion::kV2 ? "cgroup v2" : "cgroup v1";
  return place.folder.empty() ? place.why : problem;
}

}  // namespace

GroupPlaces find_groups(const std::string& root) {
  const std::string cgroups = read_proc_file((root + "/proc/self/cgroup").c_str());
  const std::string mountinfo = read_proc_file((root + "/proc/self/mountinfo").c_str());
  GroupPlaces places;
  auto memory = find_v1(root, cgroups, mountinfo, "memory");
  auto cpu = find_v1(root, cgroups, mountinfo, "cpu");
  if (!memory.has_value() || !cpu.has_value()) {
    find_v2(root, cgroups, mountinfo, places, !memory.has_value(), !cpu.has_value());
  }
  if (memory.has_value()) places.memory = *std::move(memory);
  if (cpu.has_value()) places.cpu = *std::move(cpu);
  return places;
}

std::string group_name(const ProcessId& guardian, std::uint64_t number) {
  return std::string(kPrefix) + pid_namespace() + "-" + std::to_string(guardian.pid) + "-" +
         std::to_string(guardian.start) + "-" + std::to_string(number);
}

void remove_left_groups(const GroupPlaces& places, int limit) {
  const std::string space = pid_namespace();
  for (const GroupPlace* place : {&places.memory, &places.cpu}) {
    if (place->folder.empty()) continue;
    const DirPtr dir(opendir(place->folder.c_str()));
    if (dir == nullptr) continue;
    std::vector<std::string> left;
    while (const dirent* entry = readdir(dir.get())) {
      const auto guardian = guardian_of(entry->d_name, space);
      if (!guardian.has_value()) continue;
      const auto info = process_info(guardian->pid);
      const bool lives = info.has_value() && info->id == *guardian && info->state != 'Z';
      if (!lives && limit-- > 0) left.push_back(place->folder + "/" + entry->d_name);
    }
    for (const std::string& folder : left) remove_group(folder);
  }
}

AttemptGroup::AttemptGroup(AttemptGroup&& other) noexcept {
  *this = std::move(other);
}

AttemptGroup& AttemptGroup::operator=(AttemptGroup&& other) noexcept {
  if (this == &other) return *this;
  remove();
  folders_ = std::exchange(other.folders_, {});
  joins_ = std::exchange(other.joins_, {});
  memory_ = std::exchange(other.memory_, {});
  cpu_ = std::exchange(other.cpu_, {});
  problem_ = std::exchange(other.problem_, {});
  v2_memory_ = other.v2_memory_;
  return *this;
}

void AttemptGroup::add(const std::string& folder) {
  if (std::ranges::find(folders_, folder) != folders_.end()) return;
  if (mkdir(folder.c_str(), 0755) != 0) {
    problem_ = "'" + folder + "' cannot be made: " + errno_text(errno);
    return;
  }
  Fd join(open((folder + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  if (!join.valid()) {
    problem_ = "'" + folder + "' cannot be joined: " + errno_text(errno);
    rmdir(folder.c_str());
    return;
  }
  folders_.push_back(folder);
  joins_.push_back(std::move(join));
}

AttemptGroup AttemptGroup::make(const GroupPlaces& places, const std::string& name,
                                const Resources& resources) {
  AttemptGroup group;
  const auto bound = [&](const GroupPlace& place, std::uint64_t value, auto set,
                         std::string& bounded) {
    if (value == 0 || place.folder.empty()) return;
    const std::string folder = place.folder + "/" + name;
    group.add(folder);
    if (std::ranges::find(group.folders_, folder) == group.folders_.end()) return;
    const int error = set(folder, place.version, value);
    if (error == 0) bounded = folder;
    if (error != 0) group.problem_ = "'" + folder + "' cannot be bounded: " + errno_text(error);
  };
  bound(places.memory, resources.memory_bytes, bound_memory, group.memory_);
  bound(places.cpu, resources.cpu_millis, bound_cpu, group.cpu_);
  group.v2_memory_ = places.memory.version == GroupVersion::kV2;
  return group;
}

std::uint64_t AttemptGroup::memory_kills() const {
  if (memory_.empty()) return 0;
  return field_of(read_text(memory_ + (v2_memory_ ? "/memory.events" : "/memory.oom_control")),
                  "oom_kill");
}

std::uint64_t AttemptGroup::memory_peak() const {
  if (memory_.empty()) return 0;
  return number_of(
      read_text(memory_ + (v2_memory_ ? "/memory.peak" : "/memory.max_usage_in_bytes")));
}

void AttemptGroup::kill_all() const {
  for (const std::string& folder : folders_) kill_group(folder);
}

void AttemptGroup::remove() {
  joins_.clear();
  for (const std::string& folder : std::exchange(folders_, {})) remove_group(folder);
  memory_.clear();
  cpu_.clear();
}

bool groups_wanted() {
  const char* value = std::getenv("DYNA_CGROUPS");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return value == nullptr || std::string_view(value) != "off";
}

GroupReport describe_groups() {
  if (!groups_wanted()) return {"DYNA_CGROUPS is off", "DYNA_CGROUPS is off"};
  const GroupPlaces places = find_groups();
  const auto self = process_info(getpid());
  const ProcessId id = self.has_value() ? self->id : ProcessId{getpid(), 1};
  constexpr std::uint64_t kTrialBytes = std::uint64_t{64} << 20;
  const AttemptGroup trial =
      AttemptGroup::make(places, group_name(id, 0), {1000, kTrialBytes, 0, 0});
  return {describe(places.memory, trial.bounds_memory(), trial.problem()),
          describe(places.cpu, trial.bounds_cpu(), trial.problem()), trial.bounds_memory(),
          trial.bounds_cpu()};
}

}  // namespace cordyna::local
