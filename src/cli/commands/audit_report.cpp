#include "audit/checkpoint.hpp"
#include "audit/export.hpp"
#include "audit/regular_file.hpp"
#include "audit/report.hpp"
#include "cli/commands/audit_views.hpp"
#include "cli/output.hpp"
#include "cli/version.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/file.hpp"

namespace oap::cli {
namespace {

Result<int> export_events(const std::string& dir, const Common& common, const AuditArgs& args) {
  OAP_TRY(const auto keys, audit_keys(dir, common));
  OAP_TRY(const audit::Query query, audit_query(args, system_clock().wall()));
  if (args.proofs && !args.format.empty() && args.format != "jsonl") {
    return fail(Code::kInvalidArgument, "--proofs goes with --format jsonl");
  }
  OAP_TRY(const bool begun, audit::is_there(dir));
  if (!begun) {
    return 0;
  }
  std::optional<audit::Prover> prover;
  if (args.proofs) {
    OAP_TRY(prover, audit::Prover::open(dir, system_clock().wall()));
  }
  std::optional<Error> failed;
  const audit::Take take = [&](const json::Object& record, std::string_view line) {
    if (prover) {
      auto proof = prover->prove(line);
      if (!proof && proof.error().code() == Code::kNotFound) {
        return false;  // appended since
      }
      if (!proof) {
        failed = proof.error();
        return false;
      }
      print_json(*std::move(proof));
    } else if (args.format == "ocsf") {
      print_json(audit::to_ocsf(record, version()));
    } else {
      print(args.format == "cef" ? audit::to_cef(record, version()) + "\n"
                                 : std::string(line) + "\n");
    }
    return true;
  };
  OAP_TRY(const audit::Malformed bad, audit::for_each(dir, query, take, keys.get()));
  if (failed) {
    return fail(*failed);
  }
  return audit_malformed(bad);
}

Result<int> print_checkpoint(const std::string& dir, bool as_json) {
  OAP_TRY(const bool begun, audit::is_there(dir));
  if (!begun) {
    return fail(Code::kNotFound, "there is no audit log yet in {}", dir);
  }
  OAP_TRY([[maybe_unused]] const std::uint64_t made,
          audit::make_checkpoints(dir, true, system_clock().wall()));
  OAP_TRY(const std::vector<audit::Checkpoint> all, audit::read_checkpoints(dir));
  OAP_TRY(const std::string pem,
          os::read_file(dir + "/" + std::string(audit::kPublicKeyFile), 16'384));
  if (all.empty()) {
    return fail(Code::kNotFound, "the audit log in {} is empty", dir);
  }
  json::Object checkpoint = audit::to_json(all.back());
  if (as_json) {
    print_json(json::Object{{"checkpoint", std::move(checkpoint)}, {"public_key", pem}});
  } else {
    print(json::print_pretty(checkpoint) + "\n" + pem);
  }
  return 0;
}

Result<json::Object> prove_event(const std::string& dir, const std::string& event) {
  OAP_TRY(const bool begun, audit::is_there(dir));
  if (!begun) {
    return fail(Code::kNotFound, "there is no audit log yet in {}", dir);
  }
  return audit::prove(dir, event, system_clock().wall());
}

Result<int> check_proof_file(const AuditArgs& args, bool as_json) {
  OAP_TRY(const std::string text, os::read_file(args.proof_file, 64U << 20U));
  std::optional<crypto::PublicKey> key;
  if (!args.key_file.empty()) {
    OAP_TRY(const std::string pem, os::read_file(args.key_file, 16'384));
    OAP_TRY(key, crypto::PublicKey::from_pem(pem));
  }
  std::uint64_t count = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t stop = std::min(rest.find('\n'), rest.size() - 1);
    const std::string_view line = rest.substr(0, stop + 1);
    rest.remove_prefix(stop + 1);
    if (line.find_first_not_of(" \r\n\t") == std::string_view::npos) {
      continue;
    }
    auto object = json::parse_object(line);
    const auto proven = object ? audit::check_proof(*object, key)
                               : Result<audit::Proven>(fail(Code::kDataLoss, "no proof: {}",
                                                            object.error().message()));
    ++count;
    if (as_json) {
      json::Object answer{{"ok", proven.has_value()}, {"line", count}};
      if (proven) {
        answer["event_id"] = json::get_string(proven->record, "event_id");
        answer["seq"] = json::get_int(proven->record, "seq");
        answer["key"] = proven->checkpoint.key;
        answer["key_given"] = proven->key_given;
      } else {
        answer["error"] = proven.error().message();
      }
      print_json(std::move(answer));
    } else if (proven) {
      print(fmt::format("proven: {}\n  by a checkpoint of {}, signed by key {}{}\n",
                        audit_line(proven->record), proven->checkpoint.time, proven->checkpoint.key,
                        proven->key_given ? "" : " (the proof's own: compare it with the log's)"));
    }
    if (!proven) {
      if (!as_json) {
        print(fmt::format("NOT PROVEN: line {}: {}\n", count, proven.error().message()));
      }
      return 1;
    }
  }
  if (count == 0) {
    return fail(Code::kInvalidArgument, "{} holds no proof", args.proof_file);
  }
  return 0;
}

int code_of(const Result<int>& result, bool as_json) {
  return result ? *result : report(result.error(), as_json);
}

}  // namespace

int audit_report(const std::string& dir, const Common& common, const AuditArgs& args) {
  const bool as_json = common.json;
  const auto keys = audit_keys(dir, common);
  if (!keys) {
    return report(keys.error(), as_json);
  }
  const auto query = audit_query(args, system_clock().wall());
  if (!query) {
    return report(query.error(), as_json);
  }
  const auto made = audit::make_report(dir, *query, keys->get());
  if (!made) {
    return report(made.error(), as_json);
  }
  if (as_json || args.format == "json") {
    print_json(audit::to_json(*made));
  } else {
    print(args.format == "html" ? audit::to_html(*made) : audit::to_markdown(*made));
  }
  return audit_malformed(made->malformed);
}

int audit_export(const std::string& dir, const Common& common, const AuditArgs& args) {
  return code_of(export_events(dir, common, args), false);
}

int audit_prove(const std::string& dir, const AuditArgs& args, bool as_json) {
  const auto proof = prove_event(dir, args.event);
  if (!proof) {
    return report(proof.error(), as_json);
  }
  print_json(*proof);
  return 0;
}

int audit_checkpoint(const std::string& dir, bool as_json) {
  return code_of(print_checkpoint(dir, as_json), as_json);
}

int audit_verify_proof(const AuditArgs& args, bool as_json) {
  return code_of(check_proof_file(args, as_json), as_json);
}

}  // namespace oap::cli
