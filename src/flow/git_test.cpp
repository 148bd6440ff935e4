#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "flow/git_file.hpp"

namespace cordyna::flow {
namespace {

namespace fs = std::filesystem;

class GitFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/git.XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = fs::canonical(name);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Result<GitFile> read(const std::string& text) {
    std::ofstream(folder_ / "git.yaml") << text;
    return load_git(git_path(folder_), {(folder_ / "repos").string()});
  }
  std::string problems(const std::string& text) {
    const auto found = read(text);
    return found.has_value() ? "" : found.error().message;
  }
  /// Of one follow with these keys beside its namespace.
  std::string problems_of(const std::string& keys) {
    return problems("follows:\n  - {namespace: acme, " + keys + "}\n");
  }

  fs::path folder_;
};

TEST_F(GitFileTest, LiesBesideTheProjectsFileAndMayBeMissing) {
  std::ofstream(folder_ / "cordyna.yaml") << "";
  EXPECT_EQ(git_path(folder_ / "flows"), (folder_ / "git.yaml").string());
  const auto none = load_git(git_path(folder_), {});
  ASSERT_TRUE(none.has_value());
  EXPECT_FALSE(none->is_there);
  for (const char* text : {"", "# nobody yet\n", "follows: []\n"}) {
    EXPECT_EQ(problems(text), "") << text;
  }
}

TEST_F(GitFileTest, ReadsAllOfIt) {
  const auto found = read(R"(ca_file: certs/ca.pem
follows:
  - {namespace: etl, url: "ssh://git@git.example:2222/etl.git", branch: release/1, folder: teams/etl/, every: 5m, push: true, prune: false,
     ssh_key: {secret: KEY}, passphrase: {secret: PHRASE}, known_hosts: "[git.example]:2222 ssh-ed25519 AAAA"}
  - {namespace: acme, url: "https://git.example/acme.git", token: {secret: TOKEN}}
)");
  ASSERT_TRUE(found.has_value()) << found.error().message;
  GitFollow acme{.ns = "acme", .url = "https://git.example/acme.git"};
  acme.token.secret = "TOKEN";
  GitFollow etl{.ns = "etl",
                .url = "ssh://git@git.example:2222/etl.git",
                .branch = "release/1",
                .folder = "teams/etl",
                .every = 300'000,
                .push = true,
                .prune = false};
  etl.ssh_key.secret = "KEY";
  etl.passphrase.secret = "PHRASE";
  etl.known_hosts = "[git.example]:2222 ssh-ed25519 AAAA";
  EXPECT_EQ(found->plan, (GitPlan{{acme, etl}, (folder_ / "certs/ca.pem").string()}));
}

TEST_F(GitFileTest, AddressesAreHttpsSshOrAFolderThatIsAllowed) {
  for (const char* good : {"https://git.example/a.git", "https://git.example:8443/a",
                           "http://127.0.0.1:80/a", "file:///FOLDER/repos/a.git"}) {
    std::string url = good;
    if (const auto at = url.find("/FOLDER"); at != std::string::npos) {
      url.replace(at, 7, folder_.string());
    }
    EXPECT_EQ(problems_of("url: \"" + url + "\""), "") << url;
  }
  for (const char* bad :
       {"git.example/a.git", "ftp://git.example/a", "git://git.example/a", "https://git.example",
        "https:///a", "https://git.example:x/a", "/srv/a.git", "file://host/a", "ext::sh -c x",
        "https://git .example/a", "-u@host:x/y z"}) {
    EXPECT_NE(problems_of(std::string("url: \"") + bad + "\"").find("'url' is https://HOST/PATH"),
              std::string::npos)
        << bad;
  }
  for (const char* outside : {"file:///etc", "file:///FOLDER/repos", "file:///FOLDER/repos/../a"}) {
    std::string url = outside;
    if (const auto at = url.find("/FOLDER"); at != std::string::npos) {
      url.replace(at, 7, folder_.string());
    }
    EXPECT_NE(problems_of("url: \"" + url + "\"").find("server.git_folders"), std::string::npos)
        << url;
  }
}

TEST_F(GitFileTest, NoSecretStandsInItOrIsRepeated) {
  for (const char* keys :
       {"url: \"https://me:hunter2@git.example/a\"", "url: \"https://hunter2@git.example/a\"",
        "url: \"https://git.example/a\", token: hunter2",
        "url: \"https://git.example/a\", user: me, password: hunter2",
        "url: \"git@git.example:a\", known_hosts: x, ssh_key: hunter2",
        "url: \"http://git.example/a\", token: {secret: TOKEN}"}) {
    const std::string found = problems_of(keys);
    EXPECT_NE(found, "") << keys;
    EXPECT_EQ(found.find("hunter2"), std::string::npos) << found;
  }
}

struct WrongFollow {
  const char* keys;
  const char* problem;
};

TEST_F(GitFileTest, TellsWhatIsWrongAndWhere) {
  constexpr WrongFollow kWrong[] = {
      {"branch: x", "has no 'url'"},
      {"url: \"https://h/a\", branch: \"a..b\"", "git.yaml:2:"},
      {"url: \"https://h/a\", branch: \"-f\"", "is no name of a branch"},
      {"url: \"https://h/a\", branch: \"a b\"", "is no name of a branch"},
      {"url: \"https://h/a\", folder: ../x", "is no folder of a repository"},
      {"url: \"https://h/a\", folder: /x", "is no folder of a repository"},
      {"url: \"https://h/a\", folder: x/.git/y", "is no folder of a repository"},
      {"url: \"https://h/a\", every: 1s", "every"},
      {"url: \"https://h/a\", ssh_key: {secret: K}", "'ssh_key' is for ssh"},
      {"url: \"https://h/a\", password: {secret: K}", "'user' is missing"},
      {"url: \"git@h:a\", token: {secret: K}", "'token' is for https"},
      {"url: \"git@h:a\", known_hosts: x", "'ssh_key' is missing"},
      {"url: \"git@h:a\", ssh_key: {secret: K}", "'known_hosts' is missing"},
      {"url: \"https://h/a\", brunch: x", "brunch"},
  };
  for (const WrongFollow& one : kWrong) {
    EXPECT_NE(problems_of(one.keys).find(one.problem), std::string::npos)
        << one.keys << ": " << problems_of(one.keys);
  }
}

TEST_F(GitFileTest, ANamespaceFollowsOneBranchWithThoseBelowIt) {
  const std::string found = problems(
      "follows:\n  - {namespace: acme, url: \"https://h/a\"}\n"
      "  - {namespace: acme.sales, url: \"https://h/b\"}\n");
  EXPECT_NE(found.find("git.yaml:3:17: error: namespace 'acme.sales' has flows of 'acme'"),
            std::string::npos)
      << found;
  EXPECT_EQ(problems("follows:\n  - {namespace: acme, url: \"https://h/a\"}\n"
                     "  - {namespace: acmes, url: \"https://h/b\"}\n"),
            "");
}

}  // namespace
}  // namespace cordyna::flow
