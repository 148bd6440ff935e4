#include "kubernetes/access.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/base64.hpp"

namespace cordyna::kubernetes {
namespace {

namespace fs = std::filesystem;

std::string config(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: one\n"
         "contexts:\n- name: one\n  context: {cluster: c, user: u, namespace: team}\n"
         "- name: two\n  context: {cluster: c, user: nobody}\n"
         "clusters:\n- name: c\n  cluster: " +
         cluster + "\nusers:\n- name: u\n  user: " + user + "\n";
}

const std::string kCluster =
    "{server: 'https://k8s.example:6443/', tls-server-name: api, "
    "certificate-authority-data: " +
    base64("the CA") + "}";

TEST(AccessTest, AContextIsItsClusterAndItsUser) {
  const auto access = parse_access({{"/c", config(kCluster, "{token: t0k}")}}, "");
  ASSERT_TRUE(access.has_value()) << access.error().message;
  EXPECT_EQ(access->context, "one");
  EXPECT_EQ(access->server, "https://k8s.example:6443");
  EXPECT_EQ(access->ca, "the CA");
  EXPECT_EQ(access->server_name, "api");
  EXPECT_EQ(access->ns, "team");
  EXPECT_EQ(access->identity.token, "t0k");
}

TEST(AccessTest, APluginIsReadAsItStands) {
  const auto access = parse_access(
      {{"/home/u/.kube/config",
        config(kCluster,
               "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./who, args: [a, 'b "
               "c'], "
               "env: [{name: X, value: 'y'}], provideClusterInfo: true, installHint: get it}}")}},
      "");
  ASSERT_TRUE(access.has_value()) << access.error().message;
  const ExecPlugin& plugin = access->identity.plugin.value();
  EXPECT_EQ(plugin.command, "/home/u/.kube/who");
  EXPECT_EQ(plugin.args, (std::vector<std::string>{"a", "b c"}));
  EXPECT_EQ(plugin.env.at(0).first + "=" + plugin.env.at(0).second, "X=y");
  EXPECT_TRUE(plugin.told_cluster);
  EXPECT_EQ(plugin.hint, "get it");
}

TEST(AccessTest, OfSeveralFilesTheFirstOneCounts) {
  const std::string first = "current-context: two\nkind: Config\n";
  const auto access = parse_access({{"/a", first}, {"/b", config(kCluster, "{token: t}")}}, "");
  ASSERT_FALSE(access.has_value());
  EXPECT_EQ(access.error().message, "/a, /b has no user with the name 'nobody'");
}

struct BadConfig {
  std::string cluster;
  std::string user;
  std::string says;
};

TEST(AccessTest, WhatIsNotSupportedIsSaidWithItsPlace) {
  const std::string fine = "{token: t}";
  const BadConfig bad_ones[] = {
      {"{server: 'https://h', insecure-skip-tls-verify: true}", fine, "insecure-skip-tls-verify"},
      {"{server: 'https://h', proxy-url: 'http://p'}", fine, "proxy-url"},
      {"{server: 'ftp://h'}", fine, "server: "},
      {"{server: 'https://h', certificate-authority-data: '%'}", fine, "no base64"},
      {"{server: 'https://h', certificate-authority: missing.pem}", fine, "missing.pem"},
      {kCluster, "{username: u, password: p}", "username and password"},
      {kCluster, "{auth-provider: {name: gcp}}", "auth-provider"},
      {kCluster, "{as: admin}", "impersonation"},
      {kCluster, "{client-key-data: " + base64("k") + "}", "one is missing"},
      {kCluster, "{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: c}}",
       "v1alpha1"},
      {kCluster, "{exec: {apiVersion: client.authentication.k8s.io/v1}}", "no command"},
  };
  for (const BadConfig& bad : bad_ones) {
    const auto access = parse_access({{"/c", config(bad.cluster, bad.user)}}, "");
    ASSERT_FALSE(access.has_value()) << bad.says;
    EXPECT_EQ(access.error().code, ErrorCode::kInvalidArgument) << bad.says;
    EXPECT_TRUE(access.error().message.starts_with("/c:")) << access.error().message;
    EXPECT_NE(access.error().message.find(bad.says), std::string::npos) << access.error().message;
  }
}

TEST(AccessTest, NoConfigurationSaysWhereOneIsLookedFor) {
  const std::map<std::string, std::string> variables{{"HOME", "/nowhere"}};
  const auto access = find_access("", [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  });
  ASSERT_FALSE(access.has_value());
  EXPECT_EQ(access.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(access.error().message,
            "no cluster is known: /nowhere/.kube/config cannot be read: No such file or directory; "
            "KUBECONFIG names the file that says how one is reached");
}

TEST(AccessTest, TextThatIsNoKubeconfigIsRefused) {
  for (const char* text : {"", "just words", "a: [", "- list"}) {
    const auto access = parse_access({{"/c", text}}, "");
    ASSERT_FALSE(access.has_value()) << text;
    EXPECT_TRUE(access.error().message.starts_with("/c")) << access.error().message;
  }
}

}  // namespace
}  // namespace cordyna::kubernetes
