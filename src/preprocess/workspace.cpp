#include "workspace.hpp"

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/base/log.hpp>
#include <tessera/base/mapped_file.hpp>

namespace tessera::preprocess {

namespace {

namespace fs = std::filesystem;

constexpr char const* note_prefix = "unit-";

fs::path without_slash(fs::path const& path) {
    return path.has_filename() ? path : path.parent_path();
}

bool is_whole(fs::path const& file, dataset::ShardEntry const& entry) {
    std::error_code error;
    if (fs::file_size(file, error) != entry.bytes || error) return false;
    return base::checksum(base::MappedFile(file).bytes()) == entry.checksum;
}

}  // namespace

Workspace::Workspace(base::FileSystem& files, fs::path const& store)
    : files_(files), store_(without_slash(store)), path_(fs::path(store_).concat(".partial")) {}

// The lock comes first: whose folder this is decides whether anything in it may go.
void Workspace::prepare(std::string const& job) {
    std::error_code error;
    fs::create_directories(path_, error);
    base::validate(!error, base::ExitCode::environment, "cannot create folder '{}': {}",
                   base::printable(path_.string()), error.message());
    lock_.emplace(path_);
    auto const marker = path_ / "job.txt";
    if (fs::exists(marker) && base::read_text(marker) == job) return;
    clear();
    base::publish(files_, marker, job);
}

void Workspace::clear() {
    std::size_t notes = 0;
    for (auto const& entry : fs::directory_iterator(path_)) {
        auto const name = entry.path().filename().string();
        if (name == ".lock") continue;
        notes += name.starts_with(note_prefix) ? 1U : 0U;
        files_.remove(entry.path());
    }
    if (notes == 0) return;
    base::log_warning("'{}' held finished work of other captures or settings: it is begun anew",
                      base::printable(path_.string()));
}

std::optional<dataset::UnitReport> Workspace::finished(std::size_t unit) {
    if (!noted_) read_notes();
    auto const found = noted_->find(unit);
    if (found == noted_->end()) return std::nullopt;
    auto report = dataset::unit_report_from(found->second);
    if (!is_whole(path_ / report.shard.entry.file, report.shard.entry)) return std::nullopt;
    return report;
}

void Workspace::record(std::span<Finished const> units) {
    if (units.empty()) return;
    auto const note = path_ / fmt::format("{}{:05}.json", note_prefix, units.front().first);
    base::publish(files_, note, to_lines(units));
}

void Workspace::read_notes() {
    noted_.emplace();
    for (auto const& entry : fs::directory_iterator(path_)) {
        auto const name = entry.path().filename().string();
        if (!name.starts_with(note_prefix) || !name.ends_with(".json")) continue;
        noted_->merge(reports_in(base::read_text(entry.path())));
    }
}

void Workspace::publish(bool replace) {
    base::validate(replace || !fs::exists(store_), base::ExitCode::usage,
                   "'{}' has come into being meanwhile: move it away and run me again, or --force",
                   base::printable(store_.string()));
    for (auto const& entry : fs::directory_iterator(path_)) {
        auto const name = entry.path().filename().string();
        if (name.starts_with(note_prefix) || name == "job.txt" || name == ".lock") {
            files_.remove(entry.path());
        }
    }
    if (fs::exists(store_)) {
        replace_store();
    } else {
        base::publish_folder(files_, path_, store_);
    }
}

void Workspace::replace_store() {
    auto const aside = fs::path(store_).concat(".replaced");
    base::validate(!fs::exists(aside), base::ExitCode::usage,
                   "'{}' stands in the way: the store that an interrupted --force set aside; move "
                   "or remove it",
                   base::printable(aside.string()));
    files_.rename(store_, aside);
    try {
        base::publish_folder(files_, path_, store_);
    } catch (...) {
        if (!fs::exists(store_)) files_.rename(aside, store_);
        throw;
    }
    files_.remove(aside);
}

}  // namespace tessera::preprocess
