#include "orchestration/mission/mission_journal.hpp"

#include <algorithm>

namespace oap::orchestration {
namespace {

constexpr std::size_t kMostEvidence = 2'000;
constexpr std::size_t kPage = 1'000;

json::Array texts(const std::vector<std::string>& lines) {
  json::Array list;
  for (const std::string& line : lines) {
    list.emplace_back(line);
  }
  return list;
}

std::vector<std::string> texts_of(const json::Object& object, std::string_view key) {
  std::vector<std::string> out;
  if (const json::Array* const list = json::find_array(object, key)) {
    for (const json::Value& item : *list) {
      if (item.is_string()) {
        out.emplace_back(json::view(item.get_string()));
      }
    }
  }
  return out;
}

}  // namespace

Usage usage_from_json(const json::Value& value) {
  Usage usage;
  usage.input_tokens = json::get_int(value, "input_tokens");
  usage.output_tokens = json::get_int(value, "output_tokens");
  usage.cache_read_tokens = json::get_int(value, "cache_read_tokens");
  usage.cache_write_tokens = json::get_int(value, "cache_write_tokens");
  usage.reasoning_tokens = json::get_int(value, "reasoning_tokens");
  usage.requests = json::get_int(value, "requests");
  const json::Value* const cost = json::find(value, "cost_usd");
  usage.cost_usd = cost != nullptr && cost->is_number()
                       ? std::optional(json::get_double(value, "cost_usd"))
                       : std::nullopt;
  return usage;
}

json::Object to_json(const MissionBody& body) {
  return json::Object{{"status", to_json(body.status)},
                      {"limits", to_json(body.limits)},
                      {"usage", to_json(body.usage)},
                      {"tool_calls", body.tool_calls},
                      {"active_ms", body.active.count()},
                      {"plan_folder", body.plan_folder},
                      {"tree_at_start", body.tree_at_start},
                      {"plan_only", body.plan_only},
                      {"content", body.content},
                      {"changed_programs", body.changed_programs},
                      {"dropped", texts(body.dropped)},
                      {"weakened", texts(body.weakened)},
                      {"in_doubt", texts(body.in_doubt)},
                      {"in_doubt_calls", texts(body.in_doubt_calls)}};
}

MissionBody body_from_json(const json::Object& object) {
  static const json::Value kNothing = json::Object();
  const auto member = [&object](const char* key) -> const json::Value& {
    const json::Value* const found = json::find(object, key);
    return found != nullptr ? *found : kNothing;
  };
  MissionBody body;
  body.status = status_from_json(member("status"));
  body.limits = limits_from_json(member("limits"));
  body.usage = usage_from_json(member("usage"));
  body.tool_calls = json::get_int(object, "tool_calls");
  body.active = Millis(json::get_int(object, "active_ms"));
  body.plan_folder = json::get_string(object, "plan_folder", ".opencode");
  body.tree_at_start = json::get_string(object, "tree_at_start");
  body.plan_only = json::get_bool(object, "plan_only");
  body.content = json::get_string(object, "content");
  body.changed_programs = json::get_bool(object, "changed_programs");
  body.dropped = texts_of(object, "dropped");
  body.weakened = texts_of(object, "weakened");
  body.in_doubt = texts_of(object, "in_doubt");
  body.in_doubt_calls = texts_of(object, "in_doubt_calls");
  return body;
}

json::Object note_of(const Usage& usage, std::int64_t tool_calls, Millis active) {
  return json::Object{
      {"usage", to_json(usage)}, {"tool_calls", tool_calls}, {"active_ms", active.count()}};
}

void take_note(MissionBody& body, const json::Object& note) {
  const json::Value* const usage = json::find(note, "usage");
  if (usage == nullptr) {
    return;
  }
  const Usage noted = usage_from_json(*usage);
  if (noted.requests < body.usage.requests || json::get_int(note, "tool_calls") < body.tool_calls) {
    return;
  }
  body.usage = noted;
  body.tool_calls = json::get_int(note, "tool_calls");
  body.active = std::max(body.active, Millis(json::get_int(note, "active_ms")));
}

std::string note_file(const std::string& folder, const std::string& mission_id) {
  return folder + "/" + mission_id + ".used";
}

void MissionJournal::later(std::string kind, json::Value body) {
  later_.push_back({0, clock_.wall(), std::move(kind), std::move(body)});
}

Result<void> MissionJournal::put(store::MissionWrite write) {
  write.id = id_;
  write.epoch = epoch_;
  write.at = clock_.wall();
  write.events.insert(write.events.begin(), later_.begin(), later_.end());
  write.taken = taken_;
  OAP_TRY([[maybe_unused]] const std::int64_t seq, missions_.write(write));
  later_.clear();
  taken_.clear();
  return {};
}

Result<void> MissionJournal::write(std::string kind, json::Value event, const MissionBody& body,
                                   bool lets_go, store::Durability durability) {
  store::MissionWrite write;
  write.durability = durability;
  write.events.push_back({0, clock_.wall(), std::move(kind), std::move(event)});
  const MissionStatus& status = body.status;
  write.change = store::MissionWrite::Change{std::string(to_string(status.state)),
                                             std::string(to_string(status.waits_for)),
                                             status.reason, to_json(body), is_end(status.state)};
  write.lets_go = lets_go;
  return put(std::move(write));
}

Result<void> MissionJournal::append(std::string kind, json::Value event,
                                    store::Durability durability) {
  store::MissionWrite write;
  write.durability = durability;
  write.events.push_back({0, clock_.wall(), std::move(kind), std::move(event)});
  return put(std::move(write));
}

Result<void> MissionJournal::renew(Millis lease) {
  return missions_.renew(id_, epoch_, clock_.wall() + lease);
}

Result<MissionMemory> remember(store::MissionRepository& missions, const std::string& id) {
  MissionMemory memory;
  std::int64_t after = 0;
  while (true) {
    OAP_TRY(const std::vector<store::MissionEventRow> rows, missions.events(id, after, kPage));
    for (const store::MissionEventRow& row : rows) {
      after = row.seq;
      const auto task = [&memory](const json::Value& body) {
        return std::find_if(memory.tasks.begin(), memory.tasks.end(), [&](const auto& one) {
          return one.id == json::get_string(body, "task_id");
        });
      };
      if (row.kind == "evidence") {
        if (auto evidence = evidence_from_json(row.body)) {
          keep_newest(memory.evidence, *std::move(evidence));
        }
      } else if (row.kind == "child_started") {
        memory.tasks.push_back(task_from_json(row.body));
      } else if (row.kind == "child_ended" && task(row.body) != memory.tasks.end()) {
        *task(row.body) = task_from_json(row.body);
      } else if (row.kind == "child_delivered" && task(row.body) != memory.tasks.end()) {
        task(row.body)->delivered = true;
      }
    }
    if (rows.size() < kPage) {
      return memory;
    }
  }
}

void keep_newest(std::vector<Evidence>& list, Evidence evidence) {
  std::erase_if(list, [&](const Evidence& one) {
    return one.is_command == evidence.is_command && one.command == evidence.command;
  });
  list.push_back(std::move(evidence));
  if (list.size() > kMostEvidence) {
    list.erase(list.begin());
  }
}

}  // namespace oap::orchestration
