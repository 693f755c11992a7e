# Entries of environments (see bin/environments) to the page environments.html, whose line <!--rows--> they replace. Of the blocks
# between <!--some-->, <!--none--> and <!--end--> the one stays that is true. Every value is escaped: a folder may have any name.
function html(text) {
  gsub(/&/, "\\&amp;", text)
  gsub(/</, "\\&lt;", text)
  gsub(/>/, "\\&gt;", text)
  gsub(/"/, "\\&quot;", text)
  return text
}

# A link and its shortest name.
function link(url,    name) {
  name = url
  sub(/^https?:\/\//, "", name)
  sub(/\/$/, "", name)
  return "<a href=\"" html(url) "\">" html(name) "</a>"
}

function finish(    part, stack) {
  if (file == "") return
  count = split(file, part, "/")
  split(part[count], part, ".")
  stack = html(part[2])
  if (stage != part[2]) stack = stack " <small>(" html(stage) ")</small>"
  rows = rows "<tr>\n<th scope=\"row\" data-label=\"App\">" html(part[1]) "</th>\n<td data-label=\"Stage\"><div>" stack "</div></td>\n" \
    "<td data-label=\"URL\"><ul>" urls "</ul></td>\n<td data-label=\"Mail\">" (mailbox == "" ? "none" : "<a href=\"" html(mailbox) "\">mailbox</a>") "</td>\n" \
    "<td data-label=\"Folder\"><code>" html(folder) "</code></td>\n" \
    "<td data-label=\"Since\"><time datetime=\"" html(since) "\">" html(substr(since, 1, 10) " " substr(since, 12, 5)) " UTC</time></td>\n</tr>\n"
}

FNR == 1 {
  finish()
  file = FILENAME
  stage = folder = since = mailbox = urls = ""
}
{ value = substr($0, length($1) + 2) }
$1 == "stage" { stage = value }
$1 == "folder" { folder = value }
$1 == "since" { since = value }
$1 == "mailbox" { mailbox = value }
$1 == "url" { urls = urls "<li>" link(value) " <span></span></li>" }

END {
  finish()
  while ((getline line < template) > 0) {
    if (line == "<!--some-->") hidden = rows == ""
    else if (line == "<!--none-->") hidden = rows != ""
    else if (line == "<!--end-->") hidden = 0
    else if (hidden) continue
    else if (line == "<!--rows-->") printf "%s", rows
    else print line
  }
}
