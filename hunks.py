"""hunks.py list FILE | commit MESSAGEFILE FILE[:1,3,5]...   commit whole files or chosen hunks (-U0 numbering)."""
import os, subprocess, sys
def run(*a, env=None, inp=None, check=True):
    r = subprocess.run(a, capture_output=True, text=True, env=env, input=inp)
    if check and r.returncode: sys.exit(f"{a}: {r.stdout}{r.stderr}")
    return r.stdout
def hunks(f):
    d = run("git","diff","-U0","HEAD","--",f)
    lines = d.splitlines(keepends=True); head=[]; hs=[]
    for l in lines:
        if l.startswith("@@"): hs.append([l])
        elif hs: hs[-1].append(l)
        else: head.append(l)
    return head, hs
if sys.argv[1]=="list":
    for f in sys.argv[2:]:
        _, hs = hunks(f)
        print("==",f)
        for i,h in enumerate(hs,1): print(f"[{i}]", "".join(h))
else:
    msg=sys.argv[2]; patch=""; new=[]; blobs=[]
    for spec in sys.argv[3:]:
        if "@" in spec:
            f,_,src=spec.partition("@"); blob=run("git","hash-object","-w",src).strip()
            blobs.append(f"100644,{blob},{f}"); continue
        f,_,sel=spec.partition(":")
        if not run("git","ls-files","--",f): new.append(f); continue
        head,hs=hunks(f)
        pick=[int(x) for x in sel.split(",")] if sel else range(1,len(hs)+1)
        patch+="".join(head)+"".join("".join(hs[i-1]) for i in pick)
    env=dict(os.environ, GIT_INDEX_FILE="/tmp/mine/index")
    run("git","read-tree","HEAD",env=env)
    for e in (env,None):
        if patch: run("git","apply","--cached","--unidiff-zero","-",env=e,inp=patch)
        for b in blobs: run("git","update-index","--cacheinfo",b,env=e)
        if new: run("git","add","--",*new,env=e)
    print(run("git","commit","-q","-F",msg,env=env)); print(run("git","show","--stat","--format=%h %s","HEAD"))
