package paper

import (
	"bytes"
	"fmt"
	"strings"

	"lifeboat/backup/shard"
	"lifeboat/internal/plain"
	"lifeboat/internal/secret"
)

// A Label is what people want to find on a page again. All of it is optional.
type Label struct {
	Title string // what the user calls it
	Made  string // when, and with what
}

// Page returns the HTML of the pages for a file: a shard, a file with one age
// identity, or a bundle of at most MaxBundle bytes.
func Page(text *secret.Bytes, label Label) (*secret.Bytes, error) {
	c, err := read(text)
	if err != nil {
		return nil, err
	}
	defer c.lines.Wipe()
	drawn, err := codes(c.lines)
	if err != nil {
		return nil, err
	}
	size := 16<<10 + 2*c.lines.Len()
	for _, d := range drawn {
		size += len(d) + 128
	}
	out := bytes.NewBuffer(make([]byte, 0, size)) // does not grow: it would leave copies
	w := words[c.kind](c)
	title := w.title
	if label.Title != "" {
		title += ": " + label.Title
	}
	fmt.Fprintf(out, head, plain.HTML(title), plain.HTML(title))
	fmt.Fprintf(out, "<p class=\"what\">%s</p>\n<table>\n", plain.HTML(w.what))
	for _, f := range append(w.facts, fact{"Made", label.Made}) {
		if f.value != "" {
			fmt.Fprintf(out, "<tr><th>%s</th><td>%s</td></tr>\n", plain.HTML(f.name), plain.HTML(f.value))
		}
	}
	out.WriteString("</table>\n<h2>In three steps</h2>\n<ol>\n")
	for _, s := range w.steps {
		fmt.Fprintf(out, "<li>%s</li>\n", s)
	}
	out.WriteString("</ol>\n<div class=\"codes\">\n")
	for i, d := range drawn {
		out.WriteString("<figure>")
		out.Write(d)
		fmt.Fprintf(out, "<figcaption>QR code %d of %d</figcaption></figure>\n", i+1, len(drawn))
		secret.Wipe(d)
	}
	out.WriteString("</div>\n<section><h2>The same to type</h2>\n<p>Capitals, blanks and line breaks do not matter. The last four characters check their line.</p>\n")
	if bytes.Count(c.lines.Expose(), []byte("\n")) > linesPerCode {
		out.WriteString("<pre class=\"long\">")
	} else {
		out.WriteString("<pre>")
	}
	out.Write(c.lines.Expose()) // digits, letters, colons and blanks
	fmt.Fprintf(out, "</pre></section>\n<section><h2>Without Lifeboat, for a programmer</h2>\n<p class=\"small\">%s</p></section>\n</body></html>\n", plain.HTML(w.byHand))
	return secret.Take(out.Bytes()), nil
}

// head is HTML up to the first paragraph: twice the title.
const head = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>%s</title>
<style>
@page { margin: 12mm }
body { font: 10pt/1.3 serif; color: #000; background: #fff; max-width: 180mm; margin: 0 auto }
h1 { font-size: 16pt; margin: 0 0 2mm; border-bottom: 1pt solid #000; overflow-wrap: anywhere }
h2 { font-size: 11pt; margin: 3mm 0 1mm; break-after: avoid }
p, ol, table { margin: 1mm 0 }
.what { font-weight: bold }
th { text-align: left; padding-right: 5mm; font-weight: normal; white-space: nowrap; vertical-align: top }
td { overflow-wrap: anywhere }
td, code, pre { font-family: monospace }
code { white-space: nowrap }
ol { padding-left: 7mm }
.codes { text-align: center }
figure { display: inline-block; margin: 1mm 2mm; width: 76mm; break-inside: avoid }
svg { display: block; width: 100%% }
figure:only-child { width: 66mm }
figcaption { font-size: 8pt; line-height: 1 }
pre { font-size: 12pt; line-height: 1.4; margin: 1mm 0; break-inside: avoid }
pre.long { font-size: 9pt; line-height: 1.25; break-inside: auto }
.small { font-size: 8pt; line-height: 1.2 }
</style></head>
<body>
<h1>%s</h1>
`

// wording is what a page says besides its lines.
type wording struct {
	title, what string
	facts       []fact
	steps       []string // HTML
	byHand      string
}

type fact struct{ name, value string }

var words = map[Kind]func(*content) wording{Shard: shardWords, Identity: identityWords, Bundle: bundleWords}

const readStep = `Scan the QR codes into pictures, or type the numbered lines into a file, and run
<code>mpc-backup paper --read FILE -o %s</code>. A line that is mistyped is named.`

const lineFormat = `Of each line drop the number, the blanks and the last 4 characters, which only check the line. Put all lines together and decode base32 (RFC 4648, no padding). `

func shardWords(c *content) wording {
	s := c.shard
	return wording{
		title: fmt.Sprintf("Shard %d of %d", s.Number, s.Count),
		what: fmt.Sprintf("This page is one of %d pieces (“shards”) of an identity, the secret that opens sealed backups. Any %d of the %d pieces are needed, and are enough. Keep it secret, and apart from the others.",
			s.Count, s.Threshold, s.Count),
		facts: []fact{{"Needed", fmt.Sprintf("%d of %d", s.Threshold, s.Count)}, {"Set name", s.SetName}, {"Set ID", s.SetID}, {"Recipient’s fingerprint", s.Fingerprint}},
		steps: []string{
			fmt.Sprintf("Bring %d of the %d pages with this set ID to a computer without a network.", s.Threshold, s.Count),
			fmt.Sprintf("For each page: %s", lowerFirst(fmt.Sprintf(readStep, "shard-N.txt"))),
			"Open the backup: <code>mpc-backup open BACKUP.age -i shard-A.txt -i shard-B.txt -o opened</code>",
		},
		byHand: shard.ByHand,
	}
}

func identityWords(c *content) wording {
	facts := []fact{{"Recipient’s fingerprint", shard.Fingerprint(c.recipient)}}
	if len(c.recipient) < 100 {
		facts = append(facts, fact{"Recipient", c.recipient})
	}
	return wording{
		title: "Identity",
		what:  "This page is an identity: the secret that opens every backup sealed to it. It needs nothing else. Whoever has this page, or a picture of it, can open them.",
		facts: facts,
		steps: []string{
			"Bring this page to a computer without a network.",
			fmt.Sprintf(readStep, "identity.txt"),
			"Open the backup: <code>mpc-backup open BACKUP.age -i identity.txt -o opened</code>",
		},
		byHand: lineFormat + "After the first 4 bytes, LBI1, comes the identity, a text that starts with AGE-SECRET-KEY-; the last 4 bytes are the first of the SHA-256 of all before them. Put the identity into a file and run: age -d -i FILE BACKUP.age | tar -x -f -",
	}
}

func bundleWords(*content) wording {
	return wording{
		title: "Sealed backup",
		what:  "These pages are a sealed backup. To open it, the identity (or enough shards of it), or the passphrase, is needed as well. All pages are needed.",
		steps: []string{
			"Bring all pages, and what opens them, to a computer without a network.",
			fmt.Sprintf(readStep, "backup.age"),
			"Open the backup: <code>mpc-backup open backup.age -i identity.txt -o opened</code>",
		},
		byHand: lineFormat + "After the first 4 bytes, LBB1, comes a file of the program age; the last 4 bytes are the first of the SHA-256 of all before them. Put what is between into the file BACKUP.age and run: age -d -i IDENTITY BACKUP.age | tar -x -f -",
	}
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
