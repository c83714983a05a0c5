#pragma once

#include "audit/event.hpp"
#include "audit/log.hpp"

namespace oap::audit {

/// Keeps an event that could not be recorded in the emergency file that the options name, as well
/// as that can still be done: in clear only where the log is. Logs an error in any case.
void save_emergency(const Log::Options& options, const std::string& event_type, const Body& body,
                    const Error& why);

/// The same of an event whose log could not be opened at all. Thread-safe.
void save_emergency(const Log::Options& options, const Event& event, const Error& why);

}  // namespace oap::audit
