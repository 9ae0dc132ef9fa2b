#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tessera/base/time.hpp>
#include <tessera/dataset/manifest.hpp>
#include <tessera/flow/flow.hpp>

namespace tessera::dataset {

/// The rules that bear on one capture.
class CaptureLabels {
  public:
    struct Rules;

    explicit CaptureLabels(std::shared_ptr<Rules const> rules);

    /// Class of the flow in every set, or `no_label`; `labels` has one place a set.
    void label(flow::Flow const& flow, std::span<std::int32_t> labels) const;
    void label(flow::FlowKey const& key, base::Nanoseconds first,
               std::span<std::int32_t> labels) const;

  private:
    std::shared_ptr<Rules const> rules_;
};

/// Names for flows, in one or several sets (application, service, encapsulation). In each set the
/// first rule that fits gives the class; where none fits the flow has no label and is counted.
///
/// TOML:
///     [[set]]
///     name = "service"
///     [[set.rule]]
///     path = "run*/web-*.pcap"        # glob, see glob_matches; all keys but label are optional
///     protocol = "tcp"                # tcp or udp
///     port = 443                      # of either side; also a list [80, 443]
///     address = "10.0.0.0/8"          # of either side; address or prefix
///     a_ip = "10.0.0.1"               # with a_port, b_ip, b_port and protocol: one 5-tuple,
///     a_port = 40000                  # its ends in either order
///     from = 2024-01-31T08:00:00Z     # first packet at or after; date-time, or ns since 1970
///     to = 2024-01-31T09:00:00Z       # .. and before
///     label = "web"
///
/// CSV: a header line, then a rule a line; columns `path`, `protocol` (tcp, udp, 6, 17), `a_ip`,
/// `a_port`, `b_ip`, `b_port` (a flow's two ends in either order), `from`, `to` (as above), and
/// `label` (set "label") or `label.SET` for each set. An empty field says nothing; a line without
/// any of the others is refused.
class LabelRules {
  public:
    struct Rules;

    LabelRules();  ///< no sets
    explicit LabelRules(std::shared_ptr<Rules const> rules);

    /// Names and sorted classes, with no flows counted.
    std::vector<LabelSet> sets() const;
    std::vector<std::string> set_names() const;

    CaptureLabels for_capture(std::string_view path) const;

  private:
    std::shared_ptr<Rules const> rules_;
};

/// Reads rules; a name that ends in .csv is CSV, anything else TOML. Error(usage) names file and
/// line.
LabelRules load_label_rules(std::filesystem::path const& file);

/// The folder that holds a capture ("web" for "2024/web/a.pcap"); empty where none does.
std::string folder_class(std::string_view capture);

/// Rules for captures that lie in a folder a class: set "folder", the class of a capture is
/// its folder_class; a capture in no folder has none.
/// Error(usage) for a folder whose name can be no class.
LabelRules folder_labels(std::span<std::string const> captures);

/// True when the glob fits the display name or its last parts: "a*.pcap" fits "run1/ab.pcap". `*`
/// stands for anything within a part of the path, `**` for anything, `?` for one letter, `[a-f]`
/// and
/// `[!a-f]` for one of or out of a range. A leading slash ties the glob to the whole name.
bool glob_matches(std::string_view glob, std::string_view path);

}  // namespace tessera::dataset
