package output

import (
	"context"
	"encoding/hex"
	"io"
	"maps"
	"slices"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/parallel"
	"cdrmend/internal/record"
)

// writeInputs writes the list of inputs, and their rejects.
func (r *Run) writeInputs(ctx context.Context) error {
	if err := r.files.Create(ctx, ledger.InputsFile, r.listInputs); err != nil {
		return err
	}

	rejects := r.Account.Rejects
	objects := slices.Collect(maps.Keys(rejects))
	return parallel.Each(ctx, r.Config.Concurrency, len(objects), func(ctx context.Context, i int) error {
		return r.files.Put(ctx, r.names.reject(r.Inputs, objects[i]), rejects[objects[i]])
	})
}

// listInputs writes one line for each object that was listed.
func (r *Run) listInputs(w io.Writer) error {
	lines := ledger.NewInputsWriter(w)
	for i := range r.Inputs.Objects {
		o := &r.Inputs.Objects[i]
		if o.Virtual {
			continue
		}

		line := inputLine(r.Inputs.Sources[o.Source].Name, &o.Info)

		// An object that was only listed has neither hash nor rows.
		if read := &r.Account.Objects[i]; read.Read {
			line.SHA256, line.Rows, line.Rejects = hex.EncodeToString(read.SHA256[:]), read.Rows, read.Rejects
		}
		if err := lines.Add(&line); err != nil {
			return err
		}
	}

	for i := range r.Inputs.Media {
		line := inputLine(ledger.MediaSource, &r.Inputs.Media[i])
		if err := lines.Add(&line); err != nil {
			return err
		}
	}
	return lines.Flush()
}

func inputLine(source string, info *object.Info) ledger.Input {
	return ledger.Input{
		Source: source, Key: info.Key, VersionID: info.VersionID, ETag: info.ETag,
		Modified: record.TimeOf(info.Modified).String(), Size: info.Size,
	}
}
