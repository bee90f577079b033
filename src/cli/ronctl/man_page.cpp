#include "man_page.hpp"

#include <string_view>

#include "config/keys.hpp"

namespace ron::cli {
namespace {

// Text for roff: nothing of it is a request, a hyphen stays one that can be copied.
std::string roff(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    line_begins = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string heading(const std::string& title, char section, const std::string& version,
                    const std::string& date) {
  return ".TH " + title + " " + section + " \"" + date + "\" \"RustyOnions " + roff(version) +
         "\"\n";
}

// Lines as they stand: examples and tables of the help.
void add_verbatim(std::string& out, std::string_view text) {
  while (text.starts_with('\n')) text.remove_prefix(1);
  if (!text.empty()) out += ".nf\n" + roff(text) + "\n.fi\n";
}

void add_footer(std::string& out, const CommandInfo& command) {
  if (!command.footer.empty()) out += ".PP\n";
  add_verbatim(out, command.footer);
}

void add_tagged(std::string& out, const std::string& tag, const std::string& text) {
  out += ".TP\n" + tag + "\n" + roff(text) + "\n";
}

std::string tag_of(const OptionInfo& option) {
  if (option.names.empty()) return "\\fI" + roff(option.positional) + "\\fR";
  std::string out;
  for (const std::string& name : option.names)
    out += (out.empty() ? "" : ", ") + ("\\fB" + roff(name) + "\\fR");
  return out + (option.takes_value ? " \\fIVALUE\\fR" : "");
}

std::string text_of(const OptionInfo& option) {
  std::string out = option.about + ".";
  if (!option.choices.empty()) {
    out += " One of";
    for (std::size_t i = 0; i < option.choices.size(); ++i)
      out += (i == 0 ? " " : ", ") + option.choices[i];
    out += ".";
  }
  if (!option.preset.empty()) out += " Default: " + option.preset + ".";
  if (!option.environment.empty()) out += " Environment: " + option.environment + ".";
  return out;
}

void add_options(std::string& out, const CommandInfo& command) {
  for (const OptionInfo& option : command.options)
    if (option.name() != "--help") add_tagged(out, tag_of(option), text_of(option));
}

std::string synopsis(const CommandInfo& command) {
  std::string out = ".B " + roff(command.path) + "\n";
  for (const OptionInfo& option : command.options) {
    if (!option.names.empty()) continue;
    out += std::string(".RI ") + (option.required ? "\"\" " : "[ ") + roff(option.positional) +
           (option.required ? "" : " ]") + (option.repeats ? " ...\n" : "\n");
  }
  return out;
}

void add_command(std::string& out, const CommandInfo& command) {
  if (!command.commands.empty()) {
    for (const CommandInfo& one : command.commands) add_command(out, one);
    add_footer(out, command);
    return;
  }
  out += ".SS " + roff(command.path) + "\n" + synopsis(command) + ".PP\n" + roff(command.about) +
         ".\n";
  add_options(out, command);
  add_footer(out, command);
}

std::string text_of(const config::KeyRow& row) {
  std::string text(row.doc);
  if (row.effect == config::Effect::kReserved) return text + " Not supported by this version.";
  if (row.effect == config::Effect::kLater) text += " No effect yet.";
  text += " Accepts " + config::accepts_text(row) + ".";
  if (!row.micronode.empty()) text += " Default: " + std::string(row.micronode) + ".";
  if (row.macronode != row.micronode)
    text += " Of the macronode profile: " + std::string(row.macronode) + ".";
  text += " Environment: " + config::env_name(row) + ".";
  if (!row.flag.empty()) text += " Flag: " + std::string(row.flag) + ".";
  if (row.reload == config::Reload::kLive) text += " A reload changes it.";
  return text;
}

}  // namespace

std::string ronctl_man_page(const CommandInfo& program, const std::string& version,
                            const std::string& date) {
  std::string out = heading("RONCTL", '1', version, date);
  out += ".SH NAME\nronctl \\- " + roff(program.about) + "\n";
  out += ".SH SYNOPSIS\n.B ronctl\n[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]\n";
  out += ".SH OPTIONS\nThey may stand before or after the command.\n";
  add_options(out, program);
  out += ".SH COMMANDS\n";
  for (const CommandInfo& command : program.commands) add_command(out, command);
  out += ".SH NOTES\n";
  add_verbatim(out, program.footer);
  return out + ".SH SEE ALSO\n.BR svc\\-overlay (8)\n";
}

std::string overlay_man_page(const std::string& version, const std::string& date) {
  std::string out = heading("SVC\\-OVERLAY", '8', version, date);
  out +=
      ".SH NAME\nsvc\\-overlay \\- a node that carries topics between its sessions\n"
      ".SH SYNOPSIS\n.B svc\\-overlay\n[\\fB\\-\\-config\\fR \\fIFILE\\fR] [\\fIflags\\fR]\n"
      ".SH DESCRIPTION\nCarries topics between its sessions (OAP/1) over quantum\\-safe TLS. "
      "Without arguments it serves 127.0.0.1:9500, with its admin endpoints on 127.0.0.1:9600.\n"
      ".SH OPTIONS\n";
  add_tagged(out, "\\fB\\-\\-config\\fR \\fIFILE\\fR",
             "Configuration file, TOML or JSON. Else RON_CONFIG, ./svc-overlay.toml, "
             "/etc/ron/svc-overlay.toml.");
  add_tagged(out, "\\fB\\-\\-set\\fR \\fIKEY=VALUE\\fR", "Set any key; may be repeated.");
  add_tagged(out, "\\fB\\-\\-check\\fR",
             "Judge the configuration, print what would hold, and end.");
  add_tagged(out, "\\fB\\-\\-version\\fR", "Print version, commit, TLS library and features.");
  add_tagged(out, "\\fB\\-\\-help\\fR", "Print all flags.");
  out +=
      ".SH CONFIGURATION\nFlags win over the environment, that over the file, that over the "
      "profile's defaults.\n";
  for (const config::KeyRow& row : config::keys())
    add_tagged(out, "\\fB" + roff(row.name) + "\\fR", text_of(row));
  out += ".SH SIGNALS\n";
  add_tagged(out, "TERM, INT", "Drain and end; a second one ends at once.");
  add_tagged(out, "HUP", "Read configuration and certificates again.");
  out += ".SH EXIT STATUS\n";
  add_tagged(out, "0", "Ended in order.");
  add_tagged(out, "1", "A fault while running.");
  add_tagged(out, "2", "Wrong command line.");
  add_tagged(out, "69", "A listener could not be opened.");
  add_tagged(out, "78", "Wrong configuration.");
  add_tagged(out, "130, 143", "Ended by a second signal.");
  out += ".SH FILES\n";
  add_tagged(out, "/etc/ron/svc\\-overlay.toml", "Configuration.");
  add_tagged(out, "/run/ron/svc\\-overlay.sock", "The usual place of the Unix socket (uds.path).");
  return out + ".SH SEE ALSO\n.BR ronctl (1)\n";
}

}  // namespace ron::cli
