#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <yaml-cpp/eventhandler.h>

#include "json/value.hpp"
#include "yaml/yaml.hpp"

namespace oap::yaml {

/// Takes yaml-cpp's events and builds the JSON value and the line map within the limits. The first
/// fault is kept and everything after it ignored, so that no exception of ours is needed.
/// Private to this folder; used by one thread.
class Builder final : public YAML::EventHandler {
 public:
  struct Fault {
    int line = 1;
    std::string message;
    bool in_key = false;  ///< the fault is that something cannot be a key
  };

  /// `stand_in`: what stands for "?" in what comes.
  Builder(const Limits& limits, std::string stand_in)
      : limits_(limits), stand_in_(std::move(stand_in)) {}

  const std::optional<Fault>& fault() const { return fault_; }
  json::Value take_value() { return std::move(root_); }
  std::map<std::string, int, std::less<>> take_lines() { return std::move(lines_); }

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override { close(); }

 private:
  /// An open list or map. `path` is the length of `path_` without this container's last member.
  struct Frame {
    json::Value container;
    std::optional<std::string> key;
    YAML::anchor_t anchor = 0;
    int line = 1;
    bool block = false;
    int key_at = -1;
    std::size_t nodes_before = 0;
    std::size_t bytes_before = 0;
    std::size_t deepest = 0;
    std::size_t path = 0;
    std::size_t members = 0;
  };
  /// What an anchor names, with its cost, so that an alias is paid for before it is copied.
  struct Cost {
    std::size_t nodes = 0;
    std::size_t bytes = 0;
    std::size_t depth = 0;
  };
  struct Anchored {
    json::Value value;
    Cost cost;
  };

  void set_fault(int line, std::string message);
  bool spend(int line, std::size_t nodes, std::size_t bytes);
  bool expects_key() const;
  void take_key(int line, const std::string& tag, const std::string& text);
  void begin_member(int line);
  void open(int line, const std::string& tag, YAML::anchor_t anchor, json::Value container,
            bool block);
  void close();
  void add(json::Value value);
  void scalar(int line, json::Value value, std::size_t bytes, YAML::anchor_t anchor);
  void remember(YAML::anchor_t anchor, int line, const json::Value& value, Cost cost);
  void record_line(int line);

  Limits limits_;
  std::string stand_in_;
  std::optional<Fault> fault_;
  json::Value root_;
  std::map<std::string, int, std::less<>> lines_;
  std::size_t line_bytes_ = 0;
  std::vector<Frame> stack_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  std::string path_;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
  Cost anchored_;
  bool started_ = false;
};

}  // namespace oap::yaml
